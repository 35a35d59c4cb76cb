import { isOfSweep } from '../journal/manifest.ts'
import type { Run } from '../journal/run.ts'
import { shellWord } from '../model/index.ts'

/** Why a point has no valid measurement. */
export type Gap = 'failed' | 'invalid' | 'missing'

/**
 * The command that measures such points of this run again, or for the first time; null for a run that was not made from
 * a sweep file. `resume` puts what it measures into the same run, so that the recommendation takes it into account.
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
