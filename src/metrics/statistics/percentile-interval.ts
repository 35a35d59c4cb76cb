import { sortedNumbers } from '../distribution.ts'
import { percentileOfSorted, valueAtRank } from '../percentiles/index.ts'
import { incompleteBeta } from './beta.ts'
import { effectiveCount, fewestEffective } from './effective-count.ts'

/** A percentile with a confidence interval. A side is null where there are too few values to bound it. */
export interface PercentileInterval {
  readonly estimate: number
  readonly low: number | null
  readonly high: number | null
  /** Independent values that it rests on. */
  readonly effective: number
}

/**
 * A percentile's confidence interval from order statistics: the k-th of n values exceeds the percentile with a
 * probability that depends on no distribution. Between whole ranks by fractional order statistics (Hutson 1999,
 * "Calculating nonparametric confidence intervals for quantiles using fractional order statistics", J. Appl. Stat. 26),
 * which holds the confidence where whole ranks would exceed it. Unlike the bootstrap it says so when the tail has too
 * few values to be bounded: below 73 for p95, 368 for p99.
 *
 * @param effective independent values that they are worth, fewer than there are when neighbours are alike
 * @param percentile 0–100
 */
export function percentileInterval(
  sorted: Float64Array,
  percentile: number,
  effective = sorted.length,
  confidence = 0.95,
): PercentileInterval {
  const share = percentile / 100
  const count = sorted.length
  const tail = (1 - confidence) / 2
  const at = (rank: number | null) => {
    if (rank === null) return null
    // Ranks of the effective values, carried over to all of them.
    const level = (rank / (effective + 1)) * (count + 1)
    return level < 1 || level > count ? null : valueAtRank(sorted, level - 1)
  }
  return {
    estimate: percentileOfSorted(sorted, percentile),
    low: at(rankWhere(1 - tail, share, effective)),
    high: at(rankWhere(tail, share, effective)),
    effective,
  }
}

/**
 * {@link percentileInterval} of values in time order, which may depend on their neighbours; NaN marks a value that
 * isn't there. Null where they are worth too few independent ones to say how much they depend on each other.
 */
export function percentileIntervalOfSeries(
  series: Float64Array,
  percentile: number,
  confidence = 0.95,
): PercentileInterval | null {
  const present = series.filter(value => !Number.isNaN(value))
  if (present.length === 0) return null
  const sorted = sortedNumbers(present)
  const at = percentileOfSorted(sorted, percentile)
  // What scatters a percentile is how many values lie above it: the dependence of that count matters, not of the
  // values.
  const above = present.map(value => (value > at ? 1 : 0))
  const effective = effectiveCount(above)
  return Math.min(effective, effectiveCount(present)) < fewestEffective
    ? null
    : percentileInterval(sorted, percentile, effective, confidence)
}

/**
 * The rank, not whole, whose order statistic lies below the percentile with this probability; null when no rank does.
 */
function rankWhere(probability: number, share: number, count: number): number | null {
  // The k-th of n uniform values has a beta distribution with k and n + 1 − k.
  const below = (rank: number) => incompleteBeta(share, rank, count + 1 - rank)
  let [low, high] = [1, count]
  if (below(low) < probability || below(high) > probability) return null
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (below(middle) > probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}
