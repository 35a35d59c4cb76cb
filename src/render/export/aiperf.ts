import type { PointResult } from '../../journal/event.ts'
import { goodputOf, ratesOf } from '../../metrics/definitions.ts'
import type { Distribution, Measurement } from '../../metrics/measurement.ts'
import { gpusOf, meanTokens } from '../../model/index.ts'
import { folderFormat } from './format.ts'
import { fulcrumPartOf } from './fulcrum-part.ts'

/** Files of one point in AIPerf's layout, by name. */
export interface AiperfFiles {
  readonly 'profile_export_aiperf.json': string
  /** The file that `aiperf plot` reads if there are no records of requests; omitted for a point without figures. */
  readonly 'profile_export_aiperf_aggregate.json'?: string
}

const requestMetrics: readonly (readonly [string, string, (m: Measurement) => Distribution | null])[] = [
  ['time_to_first_token', 'ms', m => m.ttftMs],
  ['time_to_second_token', 'ms', m => m.ttstMs],
  ['time_to_first_output_token', 'ms', m => m.reasoning?.ttfoMs ?? null],
  ['reasoning_token_count', 'tokens', m => m.reasoning?.reasoningTokens ?? null],
  ['output_token_count', 'tokens', m => m.reasoning?.answerTokens ?? null],
  ['request_latency', 'ms', m => m.requestLatencyMs],
  ['inter_token_latency', 'ms', m => m.itlMs],
  ['inter_chunk_latency', 'ms', m => m.interChunkMs],
  ['output_token_throughput_per_user', 'tokens/sec/user', m => m.outputTokensPerSPerUser],
  ['prefill_throughput_per_user', 'tokens/sec/user', m => m.prefillTokensPerSPerUser],
  ['output_sequence_length', 'tokens', m => m.osl],
  ['input_sequence_length', 'tokens', m => m.isl],
]

const systemMetrics: readonly (readonly [string, string, (m: Measurement) => number | null])[] = [
  ['request_throughput', 'requests/sec', m => ratesOf(m).requestsPerS],
  ['request_count', 'requests', m => (m.requests.isCompletedKnown === false ? null : m.requests.completed)],
  ['error_request_count', 'requests', m => (m.requests.failed > 0 ? m.requests.failed : null)],
  ['output_token_throughput', 'tokens/sec', m => ratesOf(m).outputTokensPerS],
  ['input_token_throughput', 'tokens/sec', m => ratesOf(m).inputTokensPerS],
  ['request_goodput', 'requests/sec', goodputOf],
  ['benchmark_duration', 'sec', m => (m.durationS > 0 ? m.durationS : null)],
]

/**
 * A result in the layout of AIPerf 0.13 (schema 1.4). Metrics that were not measured are omitted. A failed point has a
 * request count of 0 and its reason as an error.
 */
export function exportAiperf(result: PointResult): AiperfFiles {
  const { measurement } = result
  if (measurement === null) return { 'profile_export_aiperf.json': fileOf(unmeasured(result)) }
  return {
    'profile_export_aiperf.json': fileOf(measured(result, measurement)),
    'profile_export_aiperf_aggregate.json': fileOf(aggregate(result, measurement)),
  }
}

const fileOf = (content: object) => `${JSON.stringify(content, null, 2)}\n`

/**
 * A point as AIPerf 0.13 writes a cell of a sweep: each statistic of each metric separately. A single measurement has
 * no interval.
 */
function aggregate(result: PointResult, measurement: Measurement): object {
  const metrics: [string, { readonly mean: number; readonly unit: string }][] = []
  for (const [key, unit, value] of systemMetrics) {
    const mean = value(measurement)
    if (mean !== null) metrics.push([`${key}_avg`, { mean, unit }])
  }
  const perS = ratesOf(measurement).outputTokensPerS
  if (perS !== null) {
    const mean = perS / gpusOf(result.point.deployment)
    metrics.push(['output_token_throughput_per_gpu_avg', { mean, unit: 'tokens/sec/gpu' }])
  }
  for (const [key, unit, distribution] of requestMetrics) {
    const { mean: avg, stddev: std, ...rest } = distribution(measurement) ?? { mean: null, stddev: null }
    for (const [statistic, mean] of Object.entries({ avg, std, ...rest }))
      if (mean !== null) metrics.push([`${key}_${statistic}`, { mean, unit }])
  }
  const { level } = result.point.load
  return {
    schema_version: '1.4',
    aiperf_version: `fulcrum ${measurement.generator.name} ${measurement.generator.version}`,
    metadata: {
      aggregation_type: 'confidence',
      model: result.point.deployment.model.name,
      num_profile_runs: 1,
      num_successful_runs: 1,
      failed_runs: [],
      variation_label: result.point.id,
      variation_values: level.kind === 'concurrency' ? { concurrency: level.concurrency } : {},
    },
    metrics: Object.fromEntries(metrics),
  }
}

function unmeasured(result: PointResult): object {
  return {
    schema_version: '1.4',
    aiperf_version: `fulcrum ${result.point.generator}`,
    benchmark_id: result.point.id,
    request_count: { unit: 'requests', avg: 0 },
    input_config: inputConfig(result),
    was_cancelled: false,
    is_complete: false,
    error_summary: [{ error_details: { code: null, type: 'point-failed', message: result.reason }, count: 0 }],
  }
}

function measured(result: PointResult, measurement: Measurement): object {
  const system = systemMetrics.flatMap(([key, unit, value]) => {
    const avg = value(measurement)
    return avg === null ? [] : [[key, { unit, avg }] as const]
  })
  const requests = requestMetrics.flatMap(([key, unit, distribution]) => {
    const found = distribution(measurement)
    if (found === null) return []
    const { mean, stddev, ...rest } = found
    // The mean speed is weighted by time, so its product with the count is not a sum.
    const sum = key === 'output_token_throughput_per_user' ? {} : { sum: mean * found.count }
    return [[key, known({ unit, avg: mean, ...rest, std: stddev, ...sum })] as const]
  })
  const startedAt = new Date(measurement.startedAt)
  return {
    schema_version: '1.4',
    aiperf_version: `fulcrum ${measurement.generator.name} ${measurement.generator.version}`,
    benchmark_id: result.point.id,
    ...Object.fromEntries([...system, ...requests]),
    input_config: inputConfig(result),
    was_cancelled: false,
    is_complete: true,
    error_summary: measurement.errors.map(({ kind, count, example }) => ({
      error_details: { code: null, type: kind, message: example },
      count,
    })),
    start_time: startedAt.toISOString(),
    end_time: new Date(startedAt.getTime() + measurement.durationS * 1000).toISOString(),
  }
}

/** A metric without its unknown statistics, which the programs omit, too. */
function known(metric: { readonly [statistic: string]: string | number | null }): object {
  return Object.fromEntries(Object.entries(metric).filter(([, value]) => value !== null))
}

function inputConfig(result: PointResult): object {
  const { load, workload, deployment } = result.point
  const { level } = load
  const pressed =
    level.kind === 'concurrency'
      ? { type: 'concurrency', concurrency: level.concurrency }
      : level.kind === 'rate'
        ? { type: level.arrivals.kind, rate: level.requestsPerS }
        : { type: level.kind }
  return {
    models: { items: [{ name: deployment.model.name }] },
    endpoint: { type: load.api, timeout: load.timeoutMs / 1000, streaming: load.streaming, extra: load.extra },
    datasets: [
      {
        name: 'main',
        type: 'synthetic',
        entries: load.dataset,
        random_seed: load.seed,
        prompts: {
          isl: { mean: meanTokens(workload.isl), stddev: 0 },
          osl: { mean: meanTokens(workload.osl), stddev: 0 },
        },
      },
    ],
    phases: [
      { name: 'warmup', kind: 'warmup', exclude_from_results: true, requests: load.warmup, ...pressed },
      { name: 'profiling', kind: 'profiling', requests: load.requests ?? null, ...pressed },
    ],
    fulcrum: fulcrumPartOf(result),
  }
}

/** Export format `aiperf`: one folder per point, with the names and units of AIPerf's own export. */
export const aiperfFormat = folderFormat(
  { name: 'aiperf', about: "AIPerf's JSON of each point, for aiperf plot too" },
  result => ({
    ...exportAiperf(result),
  }),
)
