import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { contentId, FulcrumError } from '../model/index.ts'
import { diskError, errnoOf, makeFolder, syncFolder } from './disk.ts'
import type { RunRequest } from './gather.ts'
import { gatherManifest } from './gather.ts'
import type { Journal, JournalOptions } from './journal.ts'
import { openJournal } from './journal.ts'
import { lockRun } from './lock.ts'
import type { Manifest } from './manifest.ts'
import { manifestFile, readManifest } from './read-run.ts'
import { writeDurably } from './write-files.ts'

/** A run that this process has locked and writes to. */
export interface OpenRun extends AsyncDisposable {
  readonly folder: string
  readonly manifest: Manifest
  readonly journal: Journal
  /** 1 for a new run; each time the run is opened again adds 1. */
  readonly attempt: number
  /** Closes the journal and releases the lock. */
  close(): Promise<void>
}

/** File systems limit names to 255 bytes. */
const longestName = 200

/** Folder of this sweep's runs. */
export function sweepFolder(resultsRoot: string, sweep: string): string {
  const plain = sweep.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '')
  return join(resultsRoot, plain.slice(0, longestName) || 'sweep')
}

/**
 * Creates a run folder `<results>/<sweep>/<UTC time>-<hash>/` with its manifest, and opens it. The folder appears
 * complete; a kill leaves no half-made run.
 * @throws FulcrumError (environment) if it cannot be written
 */
export async function createRun(
  resultsRoot: string,
  request: RunRequest,
  options: JournalOptions & { readonly env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<OpenRun> {
  const parent = sweepFolder(resultsRoot, request.sweep.name)
  const gathered = await gatherManifest(request, options.env ?? process.env)
  try {
    await makeFolder(parent)
    return await openRun(await placeRun(parent, gathered, (options.now ?? (() => new Date()))()), options)
  } catch (error) {
    throw diskError(error, 'create the run folder', parent)
  }
}

/**
 * Opens an existing run to continue it: takes its lock and repairs a torn last line.
 * @throws FulcrumError (environment) `run-locked`, `journal-corrupt`, `disk-…`; (bad-input) `not-a-run`
 */
export async function openRun(folder: string, options: JournalOptions = {}): Promise<OpenRun> {
  const manifest = await readManifest(folder)
  const lock = await lockRun(folder, options.now)
  try {
    const journal = await openJournal(folder, options)
    const close = async () => {
      try {
        await journal.close()
      } finally {
        await lock.release()
      }
    }
    return { folder, manifest, journal, attempt: lock.attempt, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/**
 * Builds the folder beside its destination and renames it. Two runs created in the same second get different hashes.
 */
async function placeRun(parent: string, gathered: Omit<Manifest, 'runId' | 'createdAt'>, now: Date): Promise<string> {
  const createdAt = now.toISOString()
  const stamp = createdAt.replace(/[-:]/g, '').replace(/\.\d+Z$/, 'Z')
  for (let nonce = 0; nonce < 100; nonce++) {
    const runId = `${stamp}-${contentId({ ...gathered, createdAt, nonce, pid: process.pid }).slice(0, 6)}`
    const folder = join(parent, runId)
    const draft = join(parent, `.${runId}.${randomBytes(4).toString('hex')}`)
    await mkdir(draft)
    try {
      await writeDurably(join(draft, manifestFile), `${JSON.stringify({ ...gathered, runId, createdAt }, null, 2)}\n`)
      await rename(draft, folder)
      await syncFolder(dirname(folder))
      return folder
    } catch (error) {
      await rm(draft, { recursive: true, force: true }).catch(() => undefined)
      if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error
    }
  }
  throw new FulcrumError('environment', 'no-run-folder', `No free name for a run in ${basename(parent)}`, {
    where: parent,
  })
}
