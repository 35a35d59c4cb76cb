import type { Difference } from './estimate.ts'
import { differenceOf } from './estimate.ts'
import type { MeasuredPoint } from './measured-point.ts'
import { meetsSlo } from './slo.ts'

/** The best aggregated deployment against the best disaggregated one on the same number of GPUs. */
export interface ServingModes {
  readonly gpus: number
  readonly aggregated: MeasuredPoint
  readonly disaggregated: MeasuredPoint
  /** Whether both meet the SLO; where one side has no point that does, the best at any latency stands in. */
  readonly aggregatedMeetsSlo: boolean
  readonly disaggregatedMeetsSlo: boolean
  /** Output tokens/s per GPU of disaggregated against aggregated. */
  readonly gain: Difference
}

/**
 * One row for each GPU count at which a workload was measured both ways, by rising count. Unequal counts are never
 * compared: that is the mistake behind most 'disaggregated is slower' reports.
 */
export function servingModes(points: readonly MeasuredPoint[]): readonly ServingModes[] {
  const valid = points.filter(point => point.status === 'ok' && point.y !== null)
  return [...Map.groupBy(valid, point => point.gpus)]
    .sort(([a], [b]) => a - b)
    .flatMap(([gpus, alike]) => {
      const aggregated = bestOf(alike.filter(p => p.deployment.topology.kind === 'aggregated'))
      const disaggregated = bestOf(alike.filter(p => p.deployment.topology.kind === 'disaggregated'))
      if (!aggregated?.y || !disaggregated?.y) return []
      return [
        {
          gpus,
          aggregated,
          disaggregated,
          aggregatedMeetsSlo: meetsSlo(aggregated),
          disaggregatedMeetsSlo: meetsSlo(disaggregated),
          gain: differenceOf(disaggregated.y, aggregated.y),
        },
      ]
    })
}

/** The point of most output tokens/s per GPU that meets the SLO; where none does, of those that don't. */
export function bestOf(points: readonly MeasuredPoint[]): MeasuredPoint | null {
  const meeting = points.filter(meetsSlo)
  const from = meeting.length > 0 ? meeting : points.filter(point => point.y !== null)
  return from.toSorted((a, b) => (b.y?.mean ?? 0) - (a.y?.mean ?? 0))[0] ?? null
}
