import { mean, sampleVariance } from 'simple-statistics'
import { studentCritical, studentTwoSidedP } from '../../metrics/statistics/student.ts'

/** A relative change of means with its 95 % interval and the probability of one at least as large by noise alone. */
export interface RatioTest {
  /** head / base − 1. */
  readonly relative: number
  readonly ci95: readonly [low: number, high: number]
  readonly p: number
}

/** Noise of one figure over repeats, as the variance of its logarithm. */
export interface Noise {
  readonly variance: number
  readonly freedom: number
}

/**
 * Compares positive samples on a logarithmic scale, where latencies and rates have even noise and a ratio is a difference. Welch's test
 * when both sides have repeats; with a single value on a side, the noise that the figure showed elsewhere in the two runs.
 *
 * @param elsewhere pooled noise of the figure; null when no point was repeated
 * @returns null when nothing tells noise from change
 */
export function ratioTest(base: readonly number[], head: readonly number[], elsewhere: Noise | null): RatioTest | null {
  const b = base.map(Math.log)
  const h = head.map(Math.log)
  const difference = mean(h) - mean(b)
  if (b.length >= 2 && h.length >= 2) {
    const vb = sampleVariance(b) / b.length
    const vh = sampleVariance(h) / h.length
    const error = Math.sqrt(vb + vh)
    const freedom = error === 0 ? 1 : (vb + vh) ** 2 / (vb ** 2 / (b.length - 1) + vh ** 2 / (h.length - 1))
    return result(difference, error, freedom)
  }
  if (elsewhere === null || elsewhere.freedom < 1) return null
  return result(difference, Math.sqrt(elsewhere.variance * (1 / b.length + 1 / h.length)), elsewhere.freedom)
}

function result(difference: number, error: number, freedom: number): RatioTest {
  const half = error === 0 ? 0 : studentCritical(0.95, freedom) * error
  const t = error === 0 ? (difference === 0 ? 0 : Number.POSITIVE_INFINITY) : Math.abs(difference) / error
  return {
    relative: Math.expm1(difference),
    ci95: [Math.expm1(difference - half), Math.expm1(difference + half)],
    p: studentTwoSidedP(t, freedom),
  }
}

/** Pools the noise of groups of repeats; groups of one say nothing. Null when no group has two. */
export function pooledNoise(groups: readonly (readonly number[])[]): Noise | null {
  let squares = 0
  let freedom = 0
  for (const group of groups) {
    if (group.length < 2 || group.some(value => value <= 0)) continue
    squares += sampleVariance(group.map(Math.log)) * (group.length - 1)
    freedom += group.length - 1
  }
  return freedom === 0 ? null : { variance: squares / freedom, freedom }
}
