import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What parsing may ask of the disk; passed in, so that tests need none. */
export interface Files {
  kind(path: string): 'file' | 'folder' | 'nothing'
  /** A file's content as UTF-8. */
  text(path: string): string
  /** SHA-256 of a file's content, hex. */
  fingerprint(path: string): string
  /** The program of that name on PATH, or null. */
  program(name: string): string | null
}

/** The real disk. */
export const disk: Files = { kind, text: path => readFileSync(path, 'utf8'), fingerprint, program }

function kind(path: string): 'file' | 'folder' | 'nothing' {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return 'nothing'
  return found.isDirectory() ? 'folder' : 'file'
}

/** Reads in pieces: a trace may be larger than memory should hold at once. */
function fingerprint(path: string): string {
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
