import { linear } from './linear.ts'
import type { PercentileMethod } from './method.ts'
import { nearestRank } from './nearest-rank.ts'

export type { PercentileMethod } from './method.ts'

/** All definitions. Add a new one as a file beside this one and a line here. */
export const percentileMethods: readonly PercentileMethod[] = [linear, nearestRank]

/**
 * Definition of every percentile in Fulcrum: of requests, of histograms in virtual time, of repeats and of errors.
 * Figures by two definitions cannot be compared, so a change here requires a new version of the built-in generator.
 */
export const percentileMethod: PercentileMethod = linear

/** Rank of a percentile (0–100) among `count` values. */
export function rankOf(percentile: number, count: number, { rank }: PercentileMethod = percentileMethod): number {
  return Math.min(Math.max(rank(percentile / 100, count), 0), Math.max(0, count - 1))
}

/** Value at a rank from 0 among ascending values, interpolated linearly; NaN without values. */
export function valueAtRank(sorted: ArrayLike<number>, rank: number): number {
  const below = sorted[Math.floor(rank)] ?? Number.NaN
  const above = sorted[Math.ceil(rank)] ?? below
  return below === above ? below : below + (above - below) * (rank - Math.floor(rank))
}

/** A percentile (0–100) of ascending values; NaN without values. */
export function percentileOfSorted(
  sorted: ArrayLike<number>,
  percentile: number,
  method: PercentileMethod = percentileMethod,
): number {
  return valueAtRank(sorted, rankOf(percentile, sorted.length, method))
}
