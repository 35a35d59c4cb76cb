import { z } from 'zod'
import type { Distribution } from '../../metrics/measurement.ts'

/** One metric of a summary; genai-perf and AIPerf write the same keys, AIPerf some more. */
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

/** The metrics that both programs name alike; times in ms. What rests on answers is absent where none came. */
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

/** Without these, a summary of answered requests says too little to be a measurement. */
export const essentialMetrics = [
  'request_throughput',
  'request_latency',
  'output_token_throughput',
  'output_sequence_length',
  'input_sequence_length',
] as const

/**
 * A metric as a distribution; null when it lacks a statistic (a program leaves them out where it has no samples).
 * @param requests samples behind it, where the summary doesn't say
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
