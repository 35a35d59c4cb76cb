import type { WholeDistribution } from './measurement.ts'
import { type PercentileMethod, percentileMethod, percentileOfSorted } from './percentiles/index.ts'

/**
 * Count, mean, standard deviation (ddof 0), extremes and percentiles of the values. NaN marks missing values. Null if
 * all are missing.
 *
 * Sorting a typed array keeps this fast for a million samples; simple-statistics has no linear percentile.
 */
export function distributionOf(
  values: Float64Array,
  method: PercentileMethod = percentileMethod,
): WholeDistribution | null {
  const sorted = sortedNumbers(values)
  const count = sorted.length
  if (count === 0) return null
  let sum = 0
  for (const value of sorted) sum += value
  const mean = sum / count
  let squares = 0
  for (const value of sorted) squares += (value - mean) ** 2
  const at = (percentile: number) => percentileOfSorted(sorted, percentile, method)
  return {
    count,
    mean,
    stddev: Math.sqrt(squares / count),
    min: sorted[0] ?? Number.NaN,
    p1: at(1),
    p5: at(5),
    p10: at(10),
    p25: at(25),
    p50: at(50),
    p75: at(75),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    max: sorted[count - 1] ?? Number.NaN,
  }
}

/**
 * Like {@link distributionOf}, with weighted mean and standard deviation. Speeds are weighted by duration, so that the
 * mean is total distance divided by total time. Percentiles and extremes count each value once.
 */
export function weightedDistributionOf(values: Float64Array, weights: Float64Array): WholeDistribution | null {
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

/** All values except NaN, in ascending order and a new array. */
export function sortedNumbers(values: Float64Array): Float64Array {
  const numbers = values.filter(value => !Number.isNaN(value))
  return numbers.sort()
}
