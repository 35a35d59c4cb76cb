import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { defined } from '../model/index.ts'
import type { Manifest } from './manifest.ts'

const run = promisify(execFile)
/** Maximum size of the diff of a working tree. */
const mostBytes = 100_000_000

/** Git revision of the folder and whether tracked files differ from it; null outside a repository or without git. */
export async function gitRevision(folder: string): Promise<Manifest['git']> {
  const git = async (...args: string[]) => {
    const { stdout } = await run('git', ['-C', folder, ...args], { timeout: 5000, maxBuffer: mostBytes })
    return stdout.replace(/\n$/, '')
  }
  try {
    const [revision, changes] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('status', '--porcelain', '--untracked-files=no'),
    ])
    const head = revision.trim()
    if (changes.trim() === '') return { revision: head, dirty: false }
    // Identifies the changes: a run does not resume with different ones.
    const hash = await git('diff', 'HEAD', '--no-color', '--no-ext-diff').then(
      text => createHash('sha256').update(text).digest('hex').slice(0, 16),
      () => undefined,
    )
    return { revision: head, dirty: true, ...defined({ changes: hash }) }
  } catch {
    return null
  }
}
