import type { Measurement, ServerMetric } from '../../metrics/measurement.ts'
import { largest } from '../../model/index.ts'

/** A time range of a point, in ms since its window began. */
export interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

/** Minimum share of a whole run between ramp and drain that counts as a steady part. */
const leastShare = 0.2

/**
 * Steady part of a whole run. The first wave of a closed loop meets an empty system, and the last answers come from one
 * that drains; each phase takes about as long as a slow request. Null for a steady window, which has neither phase, and
 * if nothing would be left.
 */
export function steadyPart({ window, durationS, requestLatencyMs }: Measurement): Stretch | null {
  const slowMs = requestLatencyMs?.p95 ?? null
  if (window === 'steady' || slowMs === null) return null
  const [fromMs, toMs] = [slowMs, durationS * 1000 - slowMs]
  return toMs - fromMs >= leastShare * durationS * 1000 ? { fromMs, toMs } : null
}

/**
 * Mean and maximum of a gauge over a time range. Uses all observations if it has no series, or no sample in the range.
 */
export function gaugeOver(
  { mean, max, series = [] }: ServerMetric,
  stretch: Stretch | null,
): { mean: number; max: number } {
  if (stretch === null) return { mean, max }
  const points = cut(series, stretch)
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || last[0] <= first[0]) return { mean, max }
  // A constant gauge has samples only at its ends, so the mean is weighted by time.
  const area = points.slice(1).reduce((sum, [atMs, value], i) => {
    const [beforeMs, before] = points[i] ?? [atMs, value]
    return sum + ((value + before) / 2) * (atMs - beforeMs)
  }, 0)
  return { mean: area / (last[0] - first[0]), max: largest(points.map(([, value]) => value)) }
}

/** Samples within a time range, with interpolated values at its ends. */
function cut(
  series: NonNullable<ServerMetric['series']>,
  { fromMs, toMs }: Stretch,
): readonly (readonly [number, number])[] {
  const edges = [fromMs, toMs].flatMap(atMs => {
    const after = series.findIndex(([sampleMs]) => sampleMs >= atMs)
    const [left, right] = [series[after - 1], series[after]]
    if (left === undefined || right === undefined) return []
    const share = (atMs - left[0]) / (right[0] - left[0])
    return [[atMs, left[1] + share * (right[1] - left[1])] as const]
  })
  const inside = series.filter(([atMs]) => atMs > fromMs && atMs < toMs)
  return [...inside, ...edges].toSorted(([a], [b]) => a - b)
}
