import { mean, sampleVariance } from 'simple-statistics'
import { studentCritical } from '../../src/metrics/statistics/student.ts'
import type { Interval } from './bootstrap.ts'

/** The mean of repeats with Student's t interval; null below two repeats, which say nothing of their spread. */
export function repeatsInterval(values: readonly number[], confidence = 0.95): Interval | null {
  if (values.length < 2) return null
  const estimate = mean([...values])
  const half = studentCritical(confidence, values.length - 1) * Math.sqrt(sampleVariance([...values]) / values.length)
  return { estimate, low: estimate - half, high: estimate + half }
}
