import { mean, sampleStandardDeviation } from 'simple-statistics'
import { studentCritical } from '../metrics/statistics/student.ts'

/** What repeats say of one figure. With one measurement there is a value and no idea of its noise. */
export interface Estimate {
  readonly mean: number
  /** 95 % confidence interval of the mean (Student's t); null with fewer than two repeats. */
  readonly ci95: readonly [low: number, high: number] | null
  /** Sample standard deviation (ddof 1); null with fewer than two repeats. */
  readonly stddev: number | null
  /** Repeats behind it. */
  readonly n: number
}

/** Null without values. */
export function estimateOf(values: readonly number[]): Estimate | null {
  const n = values.length
  if (n === 0) return null
  return estimateFrom(mean([...values]), n === 1 ? null : sampleStandardDeviation([...values]), n)
}

/** The estimate that a mean, the standard deviation of one of `n` samples and their number make. */
export function estimateFrom(centre: number, stddev: number | null, n: number): Estimate {
  if (stddev === null) return { mean: centre, ci95: null, stddev, n }
  const half = (critical95(n - 1) * stddev) / Math.sqrt(n)
  return { mean: centre, ci95: [centre - half, centre + half], stddev, n }
}

/** How sure a difference between two estimates is. */
export interface Difference {
  /** (a − b) / b. */
  readonly relative: number
  /**
   * `shown`: Welch's 95 % interval of a − b leaves out 0. `unknown`: one measurement on a side, so noise is unknown.
   */
  readonly verdict: 'shown' | 'not-shown' | 'unknown'
}

/** Welch's unequal-variance comparison of two means at 95 %. */
export function differenceOf(a: Estimate, b: Estimate): Difference {
  const difference = a.mean - b.mean
  const relative = difference === 0 ? 0 : difference / b.mean
  const half = welchHalf(a, b)
  if (half === null) return { relative, verdict: 'unknown' }
  if (half === 0) return { relative, verdict: difference === 0 ? 'not-shown' : 'shown' }
  return { relative, verdict: Math.abs(difference) > half ? 'shown' : 'not-shown' }
}

/**
 * Welch's 95 % interval of a − b, over b's mean, which is taken as exact; null with one measurement on a side.
 */
export function differenceInterval(a: Estimate, b: Estimate): readonly [low: number, high: number] | null {
  const half = welchHalf(a, b)
  return half === null ? null : [(a.mean - b.mean - half) / b.mean, (a.mean - b.mean + half) / b.mean]
}

/** Half of Welch's 95 % interval of a − b; null with one measurement on a side. */
function welchHalf(a: Estimate, b: Estimate): number | null {
  if (a.stddev === null || b.stddev === null) return null
  const va = a.stddev ** 2 / a.n
  const vb = b.stddev ** 2 / b.n
  const error = Math.sqrt(va + vb)
  if (error === 0) return 0
  const freedom = (va + vb) ** 2 / (va ** 2 / (a.n - 1) + vb ** 2 / (b.n - 1))
  return studentCritical(0.95, freedom) * error
}

/** Few repeat counts occur and each quantile takes 50 µs to find, 19 figures a point: kept once found. */
const found95 = new Map<number, number>()

function critical95(freedom: number): number {
  const known = found95.get(freedom) ?? studentCritical(0.95, freedom)
  found95.set(freedom, known)
  return known
}
