import { z } from 'zod'
import type { Distribution } from '../../metrics/measurement.ts'

const statistic = z.number().min(0, 'a negative number')

/** One metric of a summary. genai-perf and AIPerf use the same keys; AIPerf has some more. */
export const metric = z.looseObject({
  avg: statistic,
  std: statistic.optional(),
  min: statistic.optional(),
  p1: statistic.optional(),
  p5: statistic.optional(),
  p10: statistic.optional(),
  p25: statistic.optional(),
  p50: statistic.optional(),
  p75: statistic.optional(),
  p90: statistic.optional(),
  p95: statistic.optional(),
  p99: statistic.optional(),
  max: statistic.optional(),
  count: statistic.optional(),
})

/** A time; both programs write ms. */
export const time = metric.extend({ unit: z.literal('ms', 'not ms').optional() })

/** Metrics with the same names in both programs; times in ms. Metrics of answers are absent without answers. */
export const sharedMetrics = {
  request_throughput: metric.optional(),
  request_count: metric.optional(),
  request_latency: time.optional(),
  request_goodput: metric.optional(),
  output_token_throughput: metric.optional(),
  time_to_first_token: time.optional(),
  time_to_second_token: time.optional(),
  inter_token_latency: time.optional(),
  output_token_throughput_per_user: metric.optional(),
  output_sequence_length: metric.optional(),
  input_sequence_length: metric.optional(),
}

/** Without these, a summary of answered requests has too little for a measurement. */
export const essentialMetrics = [
  'request_throughput',
  'request_latency',
  'output_token_throughput',
  'output_sequence_length',
  'input_sequence_length',
] as const

/**
 * A metric as a distribution; null without requests (genai-perf then writes zeros), and if it lacks a statistic
 * (programs omit statistics without samples).
 * @param requests number of samples if the summary does not contain it
 */
export function distributionOfMetric(found: z.infer<typeof metric> | undefined, requests: number): Distribution | null {
  if (found === undefined || requests === 0) return null
  const { avg, std, min, p1, p5, p10, p25, p50, p75, p90, p95, p99, max } = found
  const figures = { mean: avg, stddev: std, min, p1, p5, p10, p25, p50, p75, p90, p95, p99, max }
  const whole = z.record(z.enum(statistics), z.number()).safeParse(figures)
  return whole.success ? { count: found.count ?? requests, ...whole.data } : null
}

const statistics = [
  'mean',
  'stddev',
  'min',
  'p1',
  'p5',
  'p10',
  'p25',
  'p50',
  'p75',
  'p90',
  'p95',
  'p99',
  'max',
] as const
