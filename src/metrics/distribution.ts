import type { Distribution } from './measurement.ts'

/**
 * Count, mean, standard deviation (ddof 0), extremes and percentiles (linear between ranks, as numpy's default) of the
 * values that are numbers; NaN marks a value that a request doesn't have. Null without any.
 *
 * Sorting a typed array keeps this fast at a million samples; simple-statistics has no linear percentile.
 */
export function distributionOf(values: Float64Array): Distribution | null {
  const sorted = sortedNumbers(values)
  const count = sorted.length
  if (count === 0) return null
  let sum = 0
  for (const value of sorted) sum += value
  const mean = sum / count
  let squares = 0
  for (const value of sorted) squares += (value - mean) ** 2
  return {
    count,
    mean,
    stddev: Math.sqrt(squares / count),
    min: sorted[0] ?? Number.NaN,
    p1: percentileOfSorted(sorted, 1),
    p5: percentileOfSorted(sorted, 5),
    p10: percentileOfSorted(sorted, 10),
    p25: percentileOfSorted(sorted, 25),
    p50: percentileOfSorted(sorted, 50),
    p75: percentileOfSorted(sorted, 75),
    p90: percentileOfSorted(sorted, 90),
    p95: percentileOfSorted(sorted, 95),
    p99: percentileOfSorted(sorted, 99),
    max: sorted[count - 1] ?? Number.NaN,
  }
}

/**
 * The same, but mean and standard deviation weighted: a speed's by the time that it went on for, so that the mean is the whole
 * way over the whole time. Percentiles and extremes are of the values, each counted once.
 */
export function weightedDistributionOf(values: Float64Array, weights: Float64Array): Distribution | null {
  const plain = distributionOf(values)
  if (plain === null) return null
  let weight = 0
  let sum = 0
  let squares = 0
  const each = (add: (value: number, weight: number) => void) => {
    for (let at = 0; at < values.length; at++) {
      const value = values[at] ?? Number.NaN
      if (!Number.isNaN(value)) add(value, weights[at] ?? Number.NaN)
    }
  }
  each((value, w) => {
    weight += w
    sum += value * w
  })
  const mean = sum / weight
  each((value, w) => {
    squares += w * (value - mean) ** 2
  })
  return { ...plain, mean, stddev: Math.sqrt(squares / weight) }
}

/** The numbers among the values, ascending, in an array of their own. */
export function sortedNumbers(values: Float64Array): Float64Array {
  const numbers = values.filter(value => !Number.isNaN(value))
  return numbers.sort()
}

/** The percentile (0–100) of ascending values, linear between ranks (Hyndman and Fan's type 7); NaN of none. */
export function percentileOfSorted(sorted: Float64Array, percentile: number): number {
  const rank = (percentile / 100) * (sorted.length - 1)
  const below = sorted[Math.floor(rank)] ?? Number.NaN
  const above = sorted[Math.ceil(rank)] ?? below
  return below === above ? below : below + (above - below) * (rank - Math.floor(rank))
}
