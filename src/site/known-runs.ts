import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fulcrumVersion, writeWithFolders } from '../journal/index.ts'
import type { KnownRun } from './catalogue.ts'

/** Below this number, reading the runs is faster than saving what was read. */
const worthKeeping = 100

/** Summaries of runs, saved between starts of a site, because reading 5,000 journals takes a while. */
export interface KnownRuns {
  read(): Promise<ReadonlyMap<string, KnownRun>>
  write(known: ReadonlyMap<string, KnownRun>): Promise<void>
}

/**
 * A file in the user's cache folder, one for each results folder. It can be deleted at any time; another version of
 * Fulcrum reads all runs again.
 * @param root real path of the results folder
 * @param cache `$XDG_CACHE_HOME`, else `~/.cache`, when left out
 */
export function knownRunsOf(root: string, cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')): KnownRuns {
  const file = join(cache, 'fulcrum', `runs-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.json`)
  return {
    async read() {
      try {
        const kept: { readonly version?: string; readonly runs?: readonly KnownRun[] } = JSON.parse(
          await readFile(file, 'utf8'),
        )
        if (kept.version !== (await fulcrumVersion()) || !Array.isArray(kept.runs)) return new Map()
        return new Map(kept.runs.map(run => [run.folder, run]))
      } catch {
        // If the file is missing or damaged, all runs are read again.
        return new Map()
      }
    },
    async write(known) {
      if (known.size < worthKeeping) return
      const content = JSON.stringify({ version: await fulcrumVersion(), runs: [...known.values()] })
      // If the file can't be written, the next start is only slower.
      await writeWithFolders([{ path: file, content }]).catch(() => undefined)
    },
  }
}
