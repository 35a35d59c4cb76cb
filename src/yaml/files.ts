import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { FulcrumError } from '../model/index.ts'

/** Kind of entry at a path. */
export type FileKind = 'file' | 'folder' | 'nothing' | 'device or pipe'

/** File access for parsing. Passed in, so tests need no disk. */
export interface Files {
  kind(path: string): FileKind
  /** Returns a file's content as UTF-8. */
  text(path: string): string
  /** Returns the SHA-256 of a file's content in hex. */
  fingerprint(path: string): string
  /** Returns the path of a program on PATH, or null. */
  program(name: string): string | null
  /** Returns the folder of a tokenizer in the Hugging Face cache, or null. Absent if no cache is searched. */
  tokenizer?(name: string): string | null
}

/** The real disk. */
export const disk: Files = {
  kind,
  text: path => readFileSync(path, 'utf8'),
  fingerprint,
  program,
}

/** Wraps files so that each is hashed only once, and collects the hashes by path. */
export function remembering<F extends Files>(
  files: F,
): { readonly files: F; readonly hashes: ReadonlyMap<string, string> } {
  const hashes = new Map<string, string>()
  const remembered = (path: string) => {
    const known = hashes.get(path) ?? files.fingerprint(path)
    hashes.set(path, known)
    return known
  }
  return { files: { ...files, fingerprint: remembered }, hashes }
}

function kind(path: string): FileKind {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return 'nothing'
  if (found.isDirectory()) return 'folder'
  // Pipes can be read only once, and devices may never end.
  return found.isFile() ? 'file' : 'device or pipe'
}

/**
 * Reads in pieces, because a trace may be larger than memory.
 * @throws FulcrumError bad-input `file-unreadable`
 */
function fingerprint(path: string): string {
  try {
    return sha256Of(path)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new FulcrumError('bad-input', 'file-unreadable', `${path} cannot be read: ${why}`, {
      where: path,
      remedy: 'check its permissions',
      cause,
    })
  }
}

function sha256Of(path: string): string {
  const hash = createHash('sha256')
  const piece = Buffer.alloc(1 << 20)
  const file = openSync(path, 'r')
  try {
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) hash.update(piece.subarray(0, read))
  } finally {
    closeSync(file)
  }
  return hash.digest('hex')
}

function program(name: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name)
    if (folder !== '' && kind(path) === 'file') return path
  }
  return null
}
