import type { PointResult } from '../../journal/event.ts'
import { goodputOf, ratesOf } from '../../metrics/definitions.ts'
import type { Distribution, Measurement } from '../../metrics/measurement.ts'
import { defined, meanTokens } from '../../model/index.ts'
import { folderFormat } from './format.ts'
import { fulcrumPartOf } from './fulcrum-part.ts'

/** Files of one point in genai-perf's layout, by name. */
export interface GenaiPerfFiles {
  readonly 'profile_export_genai_perf.json': string
  readonly 'profile_export_genai_perf.csv': string
}

const statistics = ['p1', 'p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99', 'min', 'max'] as const

/** Request metrics in genai-perf's order: JSON key, CSV title, unit, source. */
const requestMetrics: readonly (readonly [string, string, string, (m: Measurement) => Distribution | null])[] = [
  ['time_to_first_token', 'Time To First Token (ms)', 'ms', m => m.ttftMs],
  ['time_to_second_token', 'Time To Second Token (ms)', 'ms', m => m.ttstMs],
  ['request_latency', 'Request Latency (ms)', 'ms', m => m.requestLatencyMs],
  ['inter_token_latency', 'Inter Token Latency (ms)', 'ms', m => m.itlMs],
  [
    'output_token_throughput_per_user',
    'Output Token Throughput Per User (tokens/sec/user)',
    'tokens/sec/user',
    m => m.outputTokensPerSPerUser,
  ],
  ['output_sequence_length', 'Output Sequence Length (tokens)', 'tokens', m => m.osl],
  ['input_sequence_length', 'Input Sequence Length (tokens)', 'tokens', m => m.isl],
]

const systemMetrics: readonly (readonly [string, string, string, (m: Measurement) => number | null])[] = [
  ['output_token_throughput', 'Output Token Throughput (tokens/sec)', 'tokens/sec', m => ratesOf(m).outputTokensPerS],
  ['request_throughput', 'Request Throughput (requests/sec)', 'requests/sec', m => ratesOf(m).requestsPerS],
  ['request_goodput', 'Request Goodput (requests/sec)', 'requests/sec', goodputOf],
  [
    'request_count',
    'Request Count (count)',
    'count',
    m => (m.requests.isCompletedKnown === false ? null : m.requests.completed),
  ],
]

/**
 * A result as genai-perf 0.0.16 writes it, so that scripts for genai-perf keep working. Metrics that were not measured
 * are omitted, as in genai-perf. A failed point has a request count of 0.
 */
export function exportGenaiPerf(result: PointResult): GenaiPerfFiles {
  return {
    'profile_export_genai_perf.json': `${JSON.stringify(json(result), null, 2)}\n`,
    'profile_export_genai_perf.csv': csv(result.measurement),
  }
}

function json(result: PointResult): object {
  const { measurement } = result
  const input_config = inputConfig(result)
  if (measurement === null) return { request_count: { unit: 'count', avg: 0 }, telemetry_stats: {}, input_config }
  const of = [
    ...systemMetrics.flatMap(([key, , unit, value]) => {
      const avg = value(measurement)
      return avg === null ? [] : [[key, { unit, avg }] as const]
    }),
    ...requestMetrics.flatMap(([key, , unit, distribution]) => {
      const d = distribution(measurement)
      if (d === null) return []
      const percentiles = Object.fromEntries(statistics.map(name => [name, d[name]]))
      const metric = { unit, avg: d.mean, ...percentiles, std: d.stddev }
      return [[key, Object.fromEntries(Object.entries(metric).filter(([, value]) => value !== null))] as const]
    }),
  ]
  return { ...Object.fromEntries(of), telemetry_stats: {}, input_config }
}

/** The genai-perf options that correspond to this point. */
function inputConfig(result: PointResult): object {
  const { load, workload, deployment } = result.point
  const { level } = load
  const stimulus =
    level.kind === 'concurrency'
      ? { concurrency: level.concurrency }
      : level.kind === 'rate'
        ? { request_rate: level.requestsPerS }
        : {}
  return {
    model_names: [deployment.model.name],
    subcommand: 'profile',
    endpoint: { type: load.api, streaming: load.streaming, service_kind: 'openai' },
    perf_analyzer: {
      stimulus,
      ...defined({
        measurement: load.requests === undefined ? undefined : { mode: 'request_count', num: load.requests },
      }),
      warmup_request_count: load.warmup,
    },
    input: {
      batch_size: 1,
      extra: load.extra,
      num_dataset_entries: load.dataset,
      random_seed: load.seed,
      output_tokens: { mean: meanTokens(workload.osl), stddev: 0 },
      synthetic_tokens: { mean: meanTokens(workload.isl), stddev: 0 },
      prompt_source: 'synthetic',
    },
    fulcrum: fulcrumPartOf(result),
  }
}

const twoDigits = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

/** Uses CRLF, two tables with an empty line between, and numbers in the form `1,234.50`. */
function csv(measurement: Measurement | null): string {
  const columns = ['mean', 'min', 'max', 'p99', 'p95', 'p90', 'p75', 'p50', 'p25', 'p10', 'p5', 'p1'] as const
  const rows: string[][] = [['Metric', ...columns.map(name => (name === 'mean' ? 'avg' : name))]]
  for (const [, title, , distribution] of requestMetrics) {
    const d = measurement === null ? null : distribution(measurement)
    if (d !== null) rows.push([title, ...columns.map(name => (d[name] === null ? 'N/A' : twoDigits.format(d[name])))])
  }
  rows.push([], ['Metric', 'Value'])
  for (const [, title, , value] of systemMetrics) {
    const figure = measurement === null ? null : value(measurement)
    if (figure !== null) rows.push([title, twoDigits.format(figure)])
  }
  return rows.map(row => `${row.map(quoted).join(',')}\r\n`).join('')
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

/** Export format `genai-perf`: one folder per point, with the names and units of genai-perf's own export. */
export const genaiPerfFormat = folderFormat(
  { name: 'genai-perf', about: "genai-perf's JSON and CSV of each point" },
  result => ({ ...exportGenaiPerf(result) }),
)
