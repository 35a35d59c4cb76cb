import type { PercentileMethod } from './method.ts'

/** The least value that at least the share of all values lies at or below: type 1 of Hyndman and Fan. */
export const nearestRank: PercentileMethod = {
  name: 'nearest-rank',
  usedBy: 'HDR histograms (wrk2) and the inverted_cdf method of numpy',
  // Shares such as 0.95 are no exact doubles: 0.95 * 20 must be the 19th value, not the 20th.
  rank: (share, count) => Math.ceil(share * count - 1e-9) - 1,
}
