import type { Distribution } from '../../metrics/measurement.ts'

/** A distribution by its percentiles: values at {@link ranks}, linearly interpolated. */
export type Quantiles = readonly number[]

const names = ['min', 'p1', 'p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99', 'max'] as const
/** Percentiles used from a distribution. */
export type KnownQuantiles = Pick<Distribution, (typeof names)[number]>
/** Ranks of {@link Quantiles}, 0–1. */
const ranks = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1] as const

/**
 * Mean of each quantile over repeats, just as a point's p95 is the mean over its repeats; null without any, or if a
 * repeat lacks one.
 */
export function quantilesOf(repeats: readonly KnownQuantiles[]): Quantiles | null {
  if (repeats.length === 0) return null
  const means = names.map(
    name => repeats.reduce((sum, distribution) => sum + (distribution[name] ?? Number.NaN), 0) / repeats.length,
  )
  return means.some(Number.isNaN) ? null : means
}

/** Interpolates each rank linearly from `a` (share 0) to `b` (share 1). */
export function between(a: Quantiles, b: Quantiles, share: number): Quantiles {
  return a.map((value, i) => value + ((b[i] ?? value) - value) * share)
}

/** Multiplies every value of a distribution by a factor. */
export function scaled(quantiles: Quantiles, factor: number): Quantiles {
  return quantiles.map(value => value * factor)
}

/** The distribution without its largest values, whose share is `share` (0–1). */
export function withoutTop(quantiles: Quantiles, share: number): Quantiles {
  return ranks.map(rank => valueAt(quantiles, rank * (1 - share)))
}

function valueAt(quantiles: Quantiles, rank: number): number {
  const above = ranks.findIndex(known => known >= rank)
  const [to = 1, high = 0] = [ranks[above], quantiles[above]]
  if (above <= 0) return high
  const [from = 0, low = 0] = [ranks[above - 1], quantiles[above - 1]]
  return low + ((rank - from) / (to - from)) * (high - low)
}

/** Share of requests at or below `limit`, 0–1. */
export function shareBelow(quantiles: Quantiles, limit: number): number {
  const above = quantiles.findIndex(value => value > limit)
  if (above === -1) return 1
  if (above === 0) return 0
  const [low = 0, high = 0] = [quantiles[above - 1], quantiles[above]]
  const [from = 0, to = 1] = [ranks[above - 1], ranks[above]]
  return from + ((limit - low) / (high - low)) * (to - from)
}

/**
 * Smallest value at or below which a share of `rank` (0–1) of a distribution lies.
 * @param shareWithin share of the distribution at or below a value, ascending to at least `rank`
 */
export function valueAtRank(rank: number, shareWithin: (value: number) => number): number {
  let [low, high] = [0, 1]
  for (let i = 0; i < 60 && shareWithin(high) < rank; i++) [low, high] = [high, 2 * high]
  for (let i = 0; i < 50 && high - low > 1e-6 * high; i++) {
    const middle = (low + high) / 2
    if (shareWithin(middle) < rank) low = middle
    else high = middle
  }
  return high
}

/**
 * Mean and mean square. Interpolates linearly between quantiles. The slowest hundredth decays exponentially as from p95
 * to p99, because most of it lies near p99 and its maximum mainly reflects the number of measured requests.
 */
export function momentsOf(quantiles: Quantiles): { readonly mean: number; readonly squared: number } {
  let [mean, squared] = [0, 0]
  const last = ranks.length - 1
  for (let i = 1; i < last; i++) {
    const [low, high, share] = [quantiles[i - 1] ?? 0, quantiles[i] ?? 0, (ranks[i] ?? 1) - (ranks[i - 1] ?? 0)]
    mean += (share * (low + high)) / 2
    squared += (share * (low ** 2 + low * high + high ** 2)) / 3
  }
  const [p95 = 0, p99 = 0, most = 0] = quantiles.slice(last - 2)
  const decay = Math.min((p99 - p95) / Math.log(5), (most - p99) / 2)
  const top = 1 - (ranks[last - 1] ?? 1)
  return { mean: mean + top * (p99 + decay), squared: squared + top * ((p99 + decay) ** 2 + decay ** 2) }
}

/**
 * Share at or below `limit` after adding an independent wait, which is exponential with a mean of `meanMs` for the
 * share `delayed` and 0 for all others. Exact for linear interpolation between quantiles.
 */
export function shareBelowDelayed(
  quantiles: Quantiles,
  limit: number,
  { delayed, meanMs }: { readonly delayed: number; readonly meanMs: number },
): number {
  /** Share of waits longer than the limit allows for a value. */
  const late = (value: number) => delayed * Math.exp((value - limit) / meanMs)
  let share = 0
  for (let i = 1; i < ranks.length; i++) {
    const [low, high, weight] = [quantiles[i - 1] ?? 0, quantiles[i] ?? 0, (ranks[i] ?? 1) - (ranks[i - 1] ?? 0)]
    if (low > limit) break
    // For nearly equal values, rounding would lose the difference of two exponentials.
    if (high - low <= 1e-9 * meanMs + 1e-12) share += weight * (1 - late(low))
    else {
      const end = Math.min(high, limit)
      share += (weight * (end - low - meanMs * (late(end) - late(low)))) / (high - low)
    }
  }
  return share
}
