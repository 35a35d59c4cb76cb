import { createHash } from 'node:crypto'
import type { Manifest } from './manifest.ts'

/**
 * The git revision of the folder, and whether tracked files differ from it; null outside a repository or without git.
 */
export async function gitRevision(folder: string): Promise<Manifest['git']> {
  // Loaded where it is needed: most commands ask for no revision.
  const { execa } = await import('execa')
  const git = (...args: string[]) => execa('git', ['-C', folder, ...args], { timeout: 5000, stdin: 'ignore' })
  try {
    const [revision, changes] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('status', '--porcelain', '--untracked-files=no'),
    ])
    const head = revision.stdout.trim()
    if (changes.stdout.trim() === '') return { revision: head, dirty: false }
    // Which changes: a run doesn't go on with others than it began with.
    const hash = await git('diff', 'HEAD', '--no-color', '--no-ext-diff').then(
      ({ stdout }) => createHash('sha256').update(stdout).digest('hex').slice(0, 16),
      () => undefined,
    )
    return { revision: head, dirty: true, ...(hash === undefined ? {} : { changes: hash }) }
  } catch {
    return null
  }
}
