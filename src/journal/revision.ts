import { execa } from 'execa'
import type { Manifest } from './manifest.ts'

/** The git revision of the folder, and whether tracked files differ from it; null outside a repository or without git. */
export async function gitRevision(folder: string): Promise<Manifest['git']> {
  const git = (...args: string[]) => execa('git', ['-C', folder, ...args], { timeout: 5000, stdin: 'ignore' })
  try {
    const [revision, changes] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('status', '--porcelain', '--untracked-files=no'),
    ])
    return { revision: revision.stdout.trim(), dirty: changes.stdout.trim() !== '' }
  } catch {
    return null
  }
}
