import { z } from 'zod'
import type { Distribution } from '../../metrics/measurement.ts'

/** One metric of a summary. genai-perf and AIPerf use the same keys; AIPerf has some more. */
export const metric = z.looseObject({
  avg: z.number(),
  std: z.number().optional(),
  min: z.number().optional(),
  p1: z.number().optional(),
  p5: z.number().optional(),
  p10: z.number().optional(),
  p25: z.number().optional(),
  p50: z.number().optional(),
  p75: z.number().optional(),
  p90: z.number().optional(),
  p95: z.number().optional(),
  p99: z.number().optional(),
  max: z.number().optional(),
  count: z.number().optional(),
})

/** Metrics with the same names in both programs; times in ms. Metrics of answers are absent without answers. */
export const sharedMetrics = {
  request_throughput: metric.optional(),
  request_count: metric.optional(),
  request_latency: metric.optional(),
  request_goodput: metric.optional(),
  output_token_throughput: metric.optional(),
  time_to_first_token: metric.optional(),
  time_to_second_token: metric.optional(),
  inter_token_latency: metric.optional(),
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
 * A metric as a distribution; null if it lacks a statistic (programs omit statistics without samples).
 * @param requests number of samples if the summary does not contain it
 */
export function distributionOfMetric(found: z.infer<typeof metric> | undefined, requests: number): Distribution | null {
  if (found === undefined) return null
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
