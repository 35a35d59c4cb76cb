import { constants } from 'node:fs'
import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { isPlain } from './target.ts'

/** A regular file that is open for reading. */
export interface OpenFile extends AsyncDisposable {
  readonly handle: FileHandle
  readonly size: number
}

/**
 * Opens a regular file below a folder; null if it does not exist, is not a regular file, or lies outside the folder by
 * way of links. The file is opened first and its path resolved afterwards, so that a link that is swapped in between is
 * detected.
 * @param root real path of the folder
 */
export async function openInside(root: string, segments: readonly string[]): Promise<OpenFile | null> {
  if (segments.length === 0 || !segments.every(isPlain)) return null
  const path = join(root, ...segments)
  // A pipe without a writer would block the request.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(path, flags).catch(() => null)
  if (handle === null) return null
  try {
    const opened = await handle.stat()
    const real = await realpath(path)
    const there = await stat(real)
    const same = opened.dev === there.dev && opened.ino === there.ino
    if (opened.isFile() && same && real.startsWith(`${root}${sep}`))
      return { handle, size: opened.size, [Symbol.asyncDispose]: () => handle.close() }
  } catch {
    // A file that was removed in the meantime counts as missing.
  }
  await handle.close()
  return null
}
