import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { defined } from '../model/index.ts'
import type { Manifest } from './manifest.ts'

const run = promisify(execFile)
/** Maximum size of the diff of a working tree. */
const mostBytes = 100_000_000
const revisionIs = '# branch.oid '

/** Git revision of the folder and whether tracked files differ from it; null outside a repository or without git. */
export async function gitRevision(folder: string): Promise<Manifest['git']> {
  const git = async (...args: string[]) => {
    const { stdout } = await run('git', ['-C', folder, ...args], { timeout: 5000, maxBuffer: mostBytes })
    return stdout.replace(/\n$/, '')
  }
  try {
    // Headers, such as `# branch.oid 1a2b…`, then a line for each changed file.
    const status = await git('status', '--porcelain=v2', '--branch', '--no-ahead-behind', '--untracked-files=no')
    const lines = status.split('\n')
    const head = lines.find(line => line.startsWith(revisionIs))?.slice(revisionIs.length)
    if (head === undefined || head === '(initial)') return null
    if (lines.every(line => line.startsWith('#'))) return { revision: head, dirty: false }
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
