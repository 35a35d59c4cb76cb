import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

export const repository = join(import.meta.dirname, '../..')

/** What the tests start: the checkout's command, or another one, such as an installed package's. */
export const program = process.env.FULCRUM_TEST_PROGRAM ?? join(repository, 'bin/fulcrum.js')

/** Runs the real command line in a process of its own, with a state folder of its own. */
export async function fulcrum(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  return execa(process.execPath, [program, ...args], {
    cwd: options.cwd ?? repository,
    env: { ...options.env },
    reject: false,
    timeout: 120_000,
  })
}

/** A folder that is gone when the test is. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'fulcrum-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
