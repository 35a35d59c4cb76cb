import type { PercentileMethod } from './method.ts'

/** Smallest value at or below which at least the given share of all values lies: type 1 of Hyndman and Fan. */
export const nearestRank: PercentileMethod = {
  name: 'nearest-rank',
  usedBy: 'HDR histograms (wrk2) and the inverted_cdf method of numpy',
  // Shares such as 0.95 are not exact doubles: 0.95 * 20 must select the 19th value, not the 20th.
  rank: (share, count) => Math.ceil(share * count - 1e-9) - 1,
}
