import { isOfSweep } from '../journal/manifest.ts'
import type { Run } from '../journal/run.ts'
import { shellWord } from '../model/index.ts'

/** Why a point has no valid measurement. */
export type Gap = 'failed' | 'invalid' | 'missing'

/**
 * Command that measures the points of this run again or for the first time; null if the run was not made from a sweep
 * file. `resume` adds results to the same run, so the recommendation takes them into account.
 */
export function measureAgain(
  { folder, manifest }: Pick<Run, 'folder' | 'manifest'>,
  gaps: Iterable<Gap>,
): string | null {
  if (!isOfSweep(manifest)) return null
  const wanted = new Set(gaps)
  const again = (['failed', 'invalid'] as const).filter(gap => wanted.has(gap))
  return ['fulcrum', 'resume', shellWord(folder), ...(again.length > 0 ? ['--again', again.join(',')] : [])].join(' ')
}
