import type { Difference } from './estimate.ts'
import { differenceOf } from './estimate.ts'
import type { MeasuredPoint } from './measured-point.ts'
import { meetsSlo } from './slo.ts'

/** Best aggregated deployment against the best disaggregated one on the same number of GPUs. */
export interface ServingModes {
  readonly gpus: number
  readonly aggregated: MeasuredPoint
  readonly disaggregated: MeasuredPoint
  /** Whether each side meets the SLO. A side without such a point uses its best point at any latency. */
  readonly aggregatedMeetsSlo: boolean
  readonly disaggregatedMeetsSlo: boolean
  /** Output tokens/s per GPU of disaggregated compared with aggregated serving. */
  readonly gain: Difference
}

/**
 * One row for each GPU count at which a workload was measured both ways, ascending. Unequal counts are never compared:
 * that mistake is behind most reports that disaggregated serving is slower.
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

/** Point with the most output tokens/s per GPU among those that meet the SLO, or among all points if none does. */
export function bestOf(points: readonly MeasuredPoint[]): MeasuredPoint | null {
  const meeting = points.filter(meetsSlo)
  const from = meeting.length > 0 ? meeting : points.filter(point => point.y !== null)
  return from.toSorted((a, b) => (b.y?.mean ?? 0) - (a.y?.mean ?? 0))[0] ?? null
}
