import type { Measurement } from '../../metrics/measurement.ts'
import type { MeasuredPoint } from '../measured-point.ts'

/** Window of a measurement's figures. Runs made before the choice existed have whole-run figures. */
export const windowOfMeasurement = (measurement: Measurement & { readonly window?: 'steady' | 'whole' }) =>
  measurement.window ?? 'whole'

/** Windows of a point's valid repeats, or of all repeats if none is valid; empty if nothing was measured. */
export function windowsOf({ valid, repeats }: MeasuredPoint): string {
  const measured = valid.length > 0 ? valid : repeats.flatMap(({ measurement }) => measurement ?? [])
  return [...new Set(measured.map(windowOfMeasurement))].sort().join(' and ')
}

/** Identifies a dataset by content, or by file name if the content was not recorded; empty without one. */
export function datasetOf({ workload: { datasetFile, datasetSha256 } }: MeasuredPoint, byContent: boolean): string {
  const name = datasetFile?.split('/').at(-1) ?? ''
  return byContent && datasetSha256 !== undefined ? `${name} (SHA-256 ${datasetSha256.slice(0, 12)})` : name
}

/**
 * Difference that makes the figures of two measurements incomparable: `window: whole → steady`. Empty if they can be
 * compared. Facts that are unknown for one of them do not count.
 */
export function differenceOfKind(base: MeasuredPoint, head: MeasuredPoint): string {
  const contents = [base, head].every(({ workload }) => workload.datasetSha256 !== undefined)
  const streamed = ({ load }: MeasuredPoint) => (load.streaming ? 'streamed' : 'in one piece')
  const facts: readonly (readonly [what: string, base: string, head: string])[] = [
    ['window', windowsOf(base), windowsOf(head)],
    ['dataset', datasetOf(base, contents), datasetOf(head, contents)],
    ['API', base.load.api, head.load.api],
    ['answers', streamed(base), streamed(head)],
  ]
  return facts
    .filter(([what, before, after]) => before !== after && (what !== 'window' || (before !== '' && after !== '')))
    .map(([what, before, after]) => `${what}: ${before || 'none'} → ${after || 'none'}`)
    .join('; ')
}

/**
 * Kind of a point's figures in words: `window steady, chat, streamed`. Figures of different kinds share no frontier.
 */
export function kindOf(point: MeasuredPoint): string {
  const window = windowsOf(point)
  const dataset = datasetOf(point, true)
  return [
    ...(window === '' ? [] : [`window ${window}`]),
    point.load.api,
    point.load.streaming ? 'streamed' : 'in one piece',
    ...(dataset === '' ? [] : [`dataset ${dataset}`]),
  ].join(', ')
}
