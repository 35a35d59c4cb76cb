import { mean, sampleStandardDeviation } from 'simple-statistics'
import { studentCritical } from '../metrics/statistics/student.ts'

/** Estimate of one figure from repeats. A single measurement gives a value without an interval. */
export interface Estimate {
  readonly mean: number
  /** 95% confidence interval of the mean (Student's t); null with fewer than two repeats. */
  readonly ci95: readonly [low: number, high: number] | null
  /** Sample standard deviation (ddof 1); null with fewer than two repeats. */
  readonly stddev: number | null
  /** Number of repeats. */
  readonly n: number
}

/** Estimates the mean; null without values. */
export function estimateOf(values: readonly number[]): Estimate | null {
  const n = values.length
  if (n === 0) return null
  return estimateFrom(mean([...values]), n === 1 ? null : sampleStandardDeviation([...values]), n)
}

/** Builds an estimate from a mean, the standard deviation of one of `n` samples, and `n`. */
export function estimateFrom(centre: number, stddev: number | null, n: number): Estimate {
  if (stddev === null) return { mean: centre, ci95: null, stddev, n }
  const half = (critical95(n - 1) * stddev) / Math.sqrt(n)
  return { mean: centre, ci95: [centre - half, centre + half], stddev, n }
}

/** Difference between two estimates and its certainty. */
export interface Difference {
  /** (a − b) / b. */
  readonly relative: number
  /**
   * `shown`: Welch's 95% interval of a − b excludes 0. `unknown`: one side has a single measurement, so the noise is
   * unknown.
   */
  readonly verdict: 'shown' | 'not-shown' | 'unknown'
}

/** Compares two means at 95% by Welch's unequal-variance test. */
export function differenceOf(a: Estimate, b: Estimate): Difference {
  const difference = a.mean - b.mean
  const relative = difference === 0 ? 0 : difference / b.mean
  const half = welchHalf(a, b)
  if (half === null) return { relative, verdict: 'unknown' }
  if (half === 0) return { relative, verdict: difference === 0 ? 'not-shown' : 'shown' }
  return { relative, verdict: Math.abs(difference) > half ? 'shown' : 'not-shown' }
}

/**
 * Welch's 95% interval of a − b, divided by b's mean, which is taken as exact; null if a side has a single measurement.
 */
export function differenceInterval(a: Estimate, b: Estimate): readonly [low: number, high: number] | null {
  const half = welchHalf(a, b)
  return half === null ? null : [(a.mean - b.mean - half) / b.mean, (a.mean - b.mean + half) / b.mean]
}

/** Half the width of Welch's 95% interval of a − b; null if a side has a single measurement. */
function welchHalf(a: Estimate, b: Estimate): number | null {
  if (a.stddev === null || b.stddev === null) return null
  const va = a.stddev ** 2 / a.n
  const vb = b.stddev ** 2 / b.n
  const error = Math.sqrt(va + vb)
  if (error === 0) return 0
  const freedom = (va + vb) ** 2 / (va ** 2 / (a.n - 1) + vb ** 2 / (b.n - 1))
  return studentCritical(0.95, freedom) * error
}

/** Cache of quantiles: each takes 50 µs to find, a point needs 19, and few repeat counts occur. */
const found95 = new Map<number, number>()

function critical95(freedom: number): number {
  const known = found95.get(freedom) ?? studentCritical(0.95, freedom)
  found95.set(freedom, known)
  return known
}
