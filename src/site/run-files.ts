import { lstat, readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { isPlain } from './target.ts'

/** A file of a run, by its path below the run's folder. */
export interface RunFile {
  readonly segments: readonly string[]
  readonly size: number
}

/** Maximum number of files on a page. A run of 2,000 points has two files per point. */
const mostFiles = 5000

/** The regular files of a run. Links are not followed, and hidden files are not listed. */
export async function filesOf(folder: string, most = mostFiles): Promise<readonly RunFile[]> {
  const found: RunFile[] = []
  const visit = async (at: string): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => [])
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (found.length >= most) return
      if (!isPlain(entry.name)) continue
      const path = join(at, entry.name)
      if (entry.isDirectory()) await visit(path)
      else if (entry.isFile()) {
        const { size } = await lstat(path).catch(() => ({ size: 0 }))
        found.push({ segments: relative(folder, path).split(sep), size })
      }
    }
  }
  await visit(folder)
  return found
}
