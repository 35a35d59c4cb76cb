import { mkdir, open, readFile, readlink, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { FulcrumError } from '../model/index.ts'

/** Explanations of operating system errors: stable code, plain words and remedy. */
const refusals: Readonly<Record<string, { code: string; what: string; remedy: string }>> = {
  ENOSPC: { code: 'disk-full', what: 'the disk is full', remedy: 'Free some space, then run the command again.' },
  EDQUOT: {
    code: 'disk-full',
    what: 'the disk quota is used up',
    remedy: 'Free some space, then run the command again.',
  },
  EFBIG: {
    code: 'disk-full',
    what: 'the file may not grow further',
    remedy: 'Raise the limit (ulimit -f), then run the command again.',
  },
  EROFS: { code: 'disk-read-only', what: 'the disk is read-only', remedy: 'Choose a writable folder.' },
  EACCES: { code: 'disk-read-only', what: 'access is denied', remedy: 'Choose a writable folder.' },
  EPERM: {
    code: 'disk-read-only',
    what: 'the operation is not permitted',
    remedy: 'Choose a writable folder.',
  },
  EIO: {
    code: 'disk-broken',
    what: 'the disk reported an error',
    remedy: 'Check the disk (dmesg), then run the command again.',
  },
}

/** Errors that concern one path and not the disk: writing the next file may succeed. */
const misplaced: Readonly<Record<string, { code: string; what: string; remedy: string }>> = {
  ENOENT: { code: 'no-folder', what: 'there is no such folder', remedy: 'Make the folder, or mount its volume.' },
  ENOTDIR: { code: 'no-folder', what: 'a part of the path is a file', remedy: 'Choose another folder.' },
  EISDIR: { code: 'no-file', what: 'a folder has that name', remedy: 'Name a file.' },
  ELOOP: { code: 'no-folder', what: 'its links lead in a circle', remedy: 'Choose another folder.' },
  ENAMETOOLONG: { code: 'name-too-long', what: 'the name is too long', remedy: 'Choose a shorter name.' },
}

/** Code of errors from {@link makeFolder}, whose messages are complete. */
const noFolder = 'FULCRUM_NO_FOLDER'

/**
 * The operating system's code of an error (`ENOENT`, …), if it has one. Errors from other threads lose the code, but
 * their messages still begin with it.
 */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  return 'code' in error && typeof error.code === 'string' ? error.code : /^(E[A-Z]{2,}):/.exec(error.message)?.[1]
}

/** Whether the operating system refused a file operation with an error that {@link diskError} can explain. */
export function isFileRefusal(error: unknown): boolean {
  const code = errnoOf(error) ?? ''
  return Object.hasOwn(refusals, code) || Object.hasOwn(misplaced, code) || code === noFolder
}

/** Whether the disk would refuse the next point for the same reason. */
export function isDiskRefusal(error: unknown): boolean {
  return Object.hasOwn(refusals, errnoOf(error) ?? '')
}

/** Turns a failed disk operation into one clear sentence. Returns a FulcrumError unchanged. */
export function diskError(error: unknown, doing: string, path: string): FulcrumError {
  if (error instanceof FulcrumError) return error
  const code = errnoOf(error) ?? ''
  const isDangling = error instanceof Error && error.message.endsWith(notThere)
  const ownWords = code === noFolder ? (isDangling ? misplaced.ENOENT : misplaced.ENOTDIR) : undefined
  const refusal = refusals[code] ?? misplaced[code]
  const what = refusal?.what ?? (error instanceof Error ? error.message : String(error))
  return new FulcrumError('environment', (refusal ?? ownWords)?.code ?? 'disk-failed', `Could not ${doing}: ${what}`, {
    where: path,
    remedy: (refusal ?? ownWords)?.remedy,
    cause: error,
  })
}

/**
 * Makes a folder and its missing parents, trying each once. Node's recursive mkdir reports 'no such file' on a
 * read-only disk, so this throws the error of the folder that could not be made.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = []
  for (let at = resolve(path); !(await isFolder(at)) && dirname(at) !== at; at = dirname(at)) missing.push(at)
  for (const folder of missing.reverse()) await makeOne(folder)
}

async function makeOne(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT') throw noFolderError(`${folder} can't be made`)
    // Another process may have made it first.
    if (code !== 'EEXIST' || (await isFolder(folder))) {
      if (code !== 'EEXIST') throw error
      return
    }
    await refuseDangling(folder)
    throw noFolderError(`${folder} is a file`)
  }
}

const notThere = ', which does not exist'

/** @throws Error if a path is a link to what does not exist, such as a volume that is not mounted */
export async function refuseDangling(path: string): Promise<void> {
  const target = await readlink(path).catch(() => null)
  if (target !== null) throw noFolderError(`${path} is a link to ${target}${notThere}`)
}

const noFolderError = (message: string): Error => Object.assign(new Error(message), { code: noFolder })

/** @throws Error if the path is a file or cannot be examined */
async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw error
  }
  throw noFolderError(`${path} is a file`)
}

/** Makes new and renamed entries of a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Bytes of a file; null if it does not exist. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}
