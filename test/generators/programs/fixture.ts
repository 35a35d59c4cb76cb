import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProgramEnd } from '../../../src/generators/programs/run-program.ts'

/** Path of a recorded file; see fixtures/README.md. */
export function fixture(name: string): string {
  return join(import.meta.dirname, 'fixtures', name)
}

export async function fixtureText(name: string): Promise<string> {
  return readFile(fixture(name), 'utf8')
}

/** The end of a program that said what a recorded log holds. */
export async function endWithLog(name: string, code = 1): Promise<ProgramEnd> {
  const lines = (await fixtureText(name)).split('\n')
  return { exit: { code, signal: null }, gaveUp: null, lines, elapsedS: 7 }
}

/** The end of a program that said nothing. */
export function endOf(end: Partial<ProgramEnd> = {}): ProgramEnd {
  return { exit: { code: 0, signal: null }, gaveUp: null, lines: [], elapsedS: 7, ...end }
}
