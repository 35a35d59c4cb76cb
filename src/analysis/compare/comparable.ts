import type { Measurement } from '../../metrics/measurement.ts'
import type { MeasuredPoint } from '../measured-point.ts'

/** What the figures of a measurement are of; runs of before there was a choice are of the whole run. */
export const windowOfMeasurement = (measurement: Measurement & { readonly window?: 'steady' | 'whole' }) =>
  measurement.window ?? 'whole'

/** The windows of a point's valid repeats, of any repeat where none is valid; empty when nothing was measured. */
export function windowsOf({ valid, repeats }: MeasuredPoint): string {
  const measured = valid.length > 0 ? valid : repeats.flatMap(({ measurement }) => measurement ?? [])
  return [...new Set(measured.map(windowOfMeasurement))].sort().join(' and ')
}

/** A dataset by its content, or by its file's name where the content was not kept; empty without one. */
export function datasetOf({ workload: { datasetFile, datasetSha256 } }: MeasuredPoint, byContent: boolean): string {
  const name = datasetFile?.split('/').at(-1) ?? ''
  return byContent && datasetSha256 !== undefined ? `${name} (SHA-256 ${datasetSha256.slice(0, 12)})` : name
}

/**
 * What two measurements of one point differ in that makes their figures two different things: `window: whole → steady`.
 * Empty when they can be compared. What is not known of one of them is no difference.
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
 * What the figures of a point are of, in words: `window steady, chat, streamed`. Figures of two kinds are two different
 * things and share no frontier.
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
