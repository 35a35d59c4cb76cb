import { stripVTControlCharacters } from 'node:util'
import { defined, FulcrumError } from '../../model/index.ts'
import type { ProgramEnd } from '../programs/run-program.ts'

/** One sentence for a run of inference-perf without records. */
export function inferencePerfFailure(end: ProgramEnd, logFile: string): FulcrumError {
  const fail = (kind: 'failed' | 'environment', code: string, message: string, remedy?: string) =>
    new FulcrumError(kind, code, message, { where: logFile, ...defined({ remedy }) })
  if (end.gaveUp !== null) {
    return fail('failed', 'inference-perf-hung', `inference-perf was ended without records: ${end.gaveUp}`)
  }
  const lines = end.lines.map(line => stripVTControlCharacters(line).trim()).filter(line => line !== '')
  const missing = lines.findLast(line => /^ModuleNotFoundError: /.test(line))
  if (missing !== undefined) {
    const message = `inference-perf is not whole: ${missing.replace(/^ModuleNotFoundError: /, '')}`
    return fail('environment', 'generator-missing', message, 'Install it again: pip install inference-perf==0.7.0')
  }
  const refused = refusalIn(lines)
  if (refused !== null) {
    const message = `inference-perf refuses its configuration: ${refused}`
    return fail('failed', 'inference-perf-refused', message, 'Use inference-perf 0.7, or correct generator.args.')
  }
  const exit = end.exit?.signal ?? `code ${end.exit?.code ?? 'unknown'}`
  const reason = lines.findLast(line => /^[\w.]*(Error|Exception)\b/.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  return fail('failed', 'inference-perf-failed', `inference-perf ended with ${exit}: ${sentence([reason])}`)
}

/** An argument that it does not know, or a setting that pydantic rejects: its place and the reason. */
function refusalIn(lines: readonly string[]): string | null {
  const argument = lines.find(line => /^inference-perf: error: /.test(line))
  if (argument !== undefined) return sentence([argument.replace(/^inference-perf: error: /, '')])
  const at = lines.findLastIndex(line => /^pydantic_core\..*ValidationError: /.test(line))
  return at < 0 ? null : sentence(lines.slice(at + 1, at + 3))
}

const sentence = (lines: readonly string[]) => lines.join(' ').replace(/\s+/g, ' ').slice(0, 300)
