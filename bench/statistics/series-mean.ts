import { effectiveCount, fewestEffective } from '../../src/metrics/statistics/effective-count.ts'
import { studentCritical } from '../../src/metrics/statistics/student.ts'
import type { Interval } from './bootstrap.ts'

/**
 * The mean of values in time order with Student's t interval on as many independent values as they are worth. Holds the
 * mean more often than the block bootstrap does, whose few blocks vary too little: docs/bench/statistics.md. Null where
 * they are worth too few independent ones to say how much they depend on each other.
 */
export function seriesMeanInterval(series: Float64Array, confidence = 0.95): Interval | null {
  const n = series.length
  const estimate = series.reduce((sum, value) => sum + value, 0) / n
  const effective = effectiveCount(series)
  if (effective < fewestEffective) return null
  const squares = series.reduce((sum, value) => sum + (value - estimate) ** 2, 0)
  // Values that move together scatter less around their own mean than around the true one: by n over n − n / effective.
  const variance = squares / (n - n / effective)
  const half = studentCritical(confidence, effective - 1) * Math.sqrt(variance / effective)
  return { estimate, low: estimate - half, high: estimate + half }
}
