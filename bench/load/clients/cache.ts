import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let made: Promise<string> | null = null

/** Compiled code and lexicons of all runs of this process, as a user has them from the second run on. */
export function cacheFolder(): Promise<string> {
  made ??= mkdtemp(join(tmpdir(), 'fulcrum-bench-cache-')).then(folder => {
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    return folder
  })
  return made
}
