import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JournalEvent } from '../../src/journal/index.ts'

/** A folder of its own for a test, removed at the end of the `await using` block. */
export async function scratch(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'fulcrum-journal-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export const note = (message: string): JournalEvent => ({ type: 'note', message })

/** A clock that stands still. */
export const noon = () => new Date('2026-11-24T12:00:00.000Z')
