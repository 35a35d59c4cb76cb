import { sortedNumbers } from '../distribution.ts'
import { percentileOfSorted, valueAtRank } from '../percentiles/index.ts'
import { incompleteBeta } from './beta.ts'
import { effectiveCount, fewestEffective } from './effective-count.ts'

/** A percentile with a confidence interval. A side is null if there are too few values to bound it. */
export interface PercentileInterval {
  readonly estimate: number
  readonly low: number | null
  readonly high: number | null
  /** Number of independent values behind it. */
  readonly effective: number
}

/**
 * Confidence interval of a percentile from order statistics: the probability that the k-th of n values exceeds the
 * percentile does not depend on the distribution. Uses fractional order statistics between whole ranks (Hutson 1999,
 * "Calculating nonparametric confidence intervals for quantiles using fractional order statistics", J. Appl. Stat. 26),
 * which keep the confidence exactly where whole ranks would exceed it. Unlike the bootstrap, it reports when the tail
 * has too few values to be bounded: below 73 for p95, 368 for p99.
 *
 * @param effective number of independent values that they are worth, which is lower if neighbors are similar
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
    // Converts ranks of the effective values to ranks of all values.
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
 * {@link percentileInterval} of values in time order, which may depend on their neighbors. NaN marks missing values.
 * Null if the values are worth too few independent ones to estimate their dependence.
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
  // The number of values above a percentile determines its scatter, so the dependence of that count matters rather than
  // that of the values.
  const above = present.map(value => (value > at ? 1 : 0))
  const effective = effectiveCount(above)
  return Math.min(effective, effectiveCount(present)) < fewestEffective
    ? null
    : percentileInterval(sorted, percentile, effective, confidence)
}

/** Fractional rank whose order statistic is below the percentile with this probability; null if there is none. */
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
