import type { WholeDistribution } from '../../src/metrics/measurement.ts'

/** The distribution of a figure that is the same for every request. */
export const oneValue = (value: number, count: number): WholeDistribution => ({
  count,
  mean: value,
  stddev: 0,
  min: value,
  p1: value,
  p5: value,
  p10: value,
  p25: value,
  p50: value,
  p75: value,
  p90: value,
  p95: value,
  p99: value,
  max: value,
})
