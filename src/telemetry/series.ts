import type { ServerMetric } from '../metrics/measurement.ts'

/** One sample of a series. */
export type SeriesSample = NonNullable<ServerMetric['series']>[number]

/** Maximum number of samples of one series in a journal line. */
export const mostSamples = 120

/** Series that show where and how long requests wait and how full the KV cache is, with the names of all engines. */
const telling =
  /waiting|queue|running|in_?flight|active_requests|pending|(?:kv|gpu)_?cache_usage|kv_usage|token_usage|active_slots|kv_(?:active|used|free)|(?:active|used)_(?:kv_)?blocks|time_to_first_token|inter_token_latency/i

/** Excludes settings, and totals that only grow. */
const silent = /_capacity$|_total$/

/** Whether to keep a metric's time series. */
export function isTelling(metric: string): boolean {
  const name = metric.replace(/\{.*$/, '')
  return telling.test(name) && !silent.test(name)
}

/**
 * Reduces a series to a maximum number of samples without changing any. A constant stretch keeps its two ends. If that
 * is not enough, each interval of time keeps its lowest and highest sample, so that no peak is lost.
 */
export function compactSeries(samples: readonly SeriesSample[], most = mostSamples): readonly SeriesSample[] {
  const turning = samples.filter(
    ([, value], i) => value !== samples[i - 1]?.[1] || value !== samples[i + 1]?.[1] || samples.length === 1,
  )
  const [first, last] = [turning[0], turning.at(-1)]
  if (first === undefined || last === undefined || turning.length <= most) return turning
  // Both ends are always kept.
  const stretches = Math.max(1, Math.floor((most - 2) / 2))
  const inner = turning.slice(1, -1)
  const spanMs = last[0] - first[0] || 1
  const groups = Map.groupBy(inner, ([atMs]) =>
    Math.min(stretches - 1, Math.floor(((atMs - first[0]) / spanMs) * stretches)),
  )
  return [first, ...[...groups.values()].flatMap(extremes), last]
}

/** The lowest and the highest sample in chronological order, or one sample if they are the same. */
function extremes(group: readonly SeriesSample[]): readonly SeriesSample[] {
  const [first, ...rest] = group
  if (first === undefined) return []
  let [lowest, highest] = [first, first]
  for (const sample of rest) {
    if (sample[1] < lowest[1]) lowest = sample
    if (sample[1] > highest[1]) highest = sample
  }
  if (lowest === highest) return [lowest]
  return lowest[0] < highest[0] ? [lowest, highest] : [highest, lowest]
}
