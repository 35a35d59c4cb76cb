import { linear } from './linear.ts'
import type { PercentileMethod } from './method.ts'
import { nearestRank } from './nearest-rank.ts'

export type { PercentileMethod } from './method.ts'

/** The definitions that there are. A new one is one file beside this one and one line here. */
export const percentileMethods: readonly PercentileMethod[] = [linear, nearestRank]

/**
 * The definition that every percentile of Fulcrum follows: of requests, of histograms in virtual time, of repeats and
 * errors. Figures of two definitions aren't comparable, so a change here needs a new version of the built-in generator.
 */
export const percentileMethod: PercentileMethod = linear

/** The rank of a percentile (0–100), within the values that there are. */
export function rankOf(percentile: number, count: number, { rank }: PercentileMethod = percentileMethod): number {
  return Math.min(Math.max(rank(percentile / 100, count), 0), Math.max(0, count - 1))
}

/** The value at a rank from 0 of ascending values, on a straight line between two; NaN of none. */
export function valueAtRank(sorted: ArrayLike<number>, rank: number): number {
  const below = sorted[Math.floor(rank)] ?? Number.NaN
  const above = sorted[Math.ceil(rank)] ?? below
  return below === above ? below : below + (above - below) * (rank - Math.floor(rank))
}

/** The percentile (0–100) of ascending values; NaN of none. */
export function percentileOfSorted(
  sorted: ArrayLike<number>,
  percentile: number,
  method: PercentileMethod = percentileMethod,
): number {
  return valueAtRank(sorted, rankOf(percentile, sorted.length, method))
}
