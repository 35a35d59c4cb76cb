import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FulcrumError } from '../point/index.ts'

/** What the operating system's refusals mean to a person: stable code, plain words, and what to do. */
const refusals: Readonly<Record<string, { code: string; what: string; remedy: string }>> = {
  ENOSPC: { code: 'disk-full', what: 'the disk is full', remedy: 'Free some space, then resume the run.' },
  EDQUOT: { code: 'disk-full', what: 'the disk quota is used up', remedy: 'Free some space, then resume the run.' },
  EFBIG: {
    code: 'disk-full',
    what: 'the file may not grow further',
    remedy: 'Raise the limit (ulimit -f), then resume.',
  },
  EROFS: { code: 'disk-read-only', what: 'the disk is read-only', remedy: 'Choose a writable folder with --out.' },
  EACCES: { code: 'disk-read-only', what: 'access is denied', remedy: 'Choose a writable folder with --out.' },
  EPERM: {
    code: 'disk-read-only',
    what: 'the operation is not permitted',
    remedy: 'Choose a writable folder with --out.',
  },
  EIO: { code: 'disk-broken', what: 'the disk reported an error', remedy: 'Check the disk (dmesg), then resume.' },
}

/**
 * The operating system's code of an error (`ENOENT`, …), if it has one. An error that came from another thread has lost
 * its code, but its message still begins with it.
 */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  return 'code' in error && typeof error.code === 'string' ? error.code : /^(E[A-Z]{2,}):/.exec(error.message)?.[1]
}

/** Whether the disk refused something that it would refuse the next point too. */
export function isDiskRefusal(error: unknown): boolean {
  return Object.hasOwn(refusals, errnoOf(error) ?? '')
}

/** Turns a failed disk operation into one clear sentence. A FulcrumError stays what it is. */
export function diskError(error: unknown, doing: string, path: string): FulcrumError {
  if (error instanceof FulcrumError) return error
  const refusal = refusals[errnoOf(error) ?? '']
  const what = refusal?.what ?? (error instanceof Error ? error.message : String(error))
  return new FulcrumError('environment', refusal?.code ?? 'disk-failed', `Could not ${doing}: ${what}`, {
    where: path,
    remedy: refusal?.remedy,
    cause: error,
  })
}

/** Makes a folder and the ones above it. Node's own recursive mkdir says 'no such file' of a read-only disk. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await makeFolder(path)
  }
}

/** Makes a new or renamed entry of a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a file as a whole or not at all: to a neighbour first, synced, then renamed over. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const neighbour = `${path}.${process.pid}.tmp`
  try {
    const handle = await open(neighbour, 'w')
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(neighbour, path)
  } catch (error) {
    await rm(neighbour, { force: true }).catch(() => undefined)
    throw error
  }
  await syncFolder(dirname(path))
}

/** A file's bytes, or null when there is no such file. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}
