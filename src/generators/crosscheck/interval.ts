import { studentCritical, studentTwoSidedP } from '../../metrics/statistics/student.ts'

/** A mean and half the width of its confidence interval; null for a single value, which has none. */
export interface Interval {
  readonly mean: number
  readonly half: number | null
  readonly count: number
}

/** Confidence of every interval here. */
export const confidence = 0.95

/** Student's t interval of the mean; null without a value. */
export function meanInterval(values: readonly number[]): Interval | null {
  const count = values.length
  if (count === 0) return null
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  if (count === 1) return { mean, half: null, count }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  return { mean, half: studentCritical(confidence, count - 1) * Math.sqrt(variance / count), count }
}

/** Two-sided p of Student's t for a mean of 0; null with fewer than two values. */
export function zeroMeanP(values: readonly number[]): number | null {
  const interval = meanInterval(values)
  if (interval === null || interval.half === null) return null
  const error = interval.half / studentCritical(confidence, interval.count - 1)
  return interval.mean === 0 ? 1 : studentTwoSidedP(interval.mean / error, interval.count - 1)
}
