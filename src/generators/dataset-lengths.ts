import { drawLengths } from '../metrics/statistics/lengths.ts'
import type { Workload } from '../model/index.ts'
import { createRandom } from '../model/index.ts'
import type { MeasuredDataset } from './dataset-file.ts'

/**
 * Requested tokens of the first `count` entries: from the row, otherwise from its answer, otherwise drawn from the
 * workload's OSL.
 */
export function outputTokensOf(
  { entries, answerTokens }: Pick<MeasuredDataset, 'entries' | 'answerTokens'>,
  count: number,
  workload: Workload,
  seed: number,
): readonly number[] {
  const asked = entries.slice(0, count)
  const drawn = drawLengths(workload.osl, asked.length, createRandom(seed).fork('osl'))
  return asked.map((entry, index) => entry.outputTokens ?? (answerTokens[index] || (drawn[index] ?? 1)))
}
