import { z } from 'zod'
import type { Distribution } from '../../../metrics/measurement.ts'
import type { LoadLevel, Topology } from '../../../model/index.ts'
import { measurementOfForeign, partial, tokens } from '../foreign.ts'
import { at, type FoundFile, type ImportFormat, only } from '../format.ts'
import { mismatch, unreadable } from '../read.ts'
import type { AskedLoad, ImportedSummary, SaidDeployment } from '../summary.ts'
import { unknownFigures } from '../summary.ts'

const layout = 'benchmark reports 0.2 and 0.2.1 of llm-d-benchmark'

const number = z.number().nullish()

const statistics = z
  .looseObject({
    units: z.string(),
    ...{ mean: z.number(), stddev: number, min: number, max: number },
    ...{
      p1: number,
      p5: number,
      p10: number,
      p25: number,
      p50: number,
      p75: number,
      p90: number,
      p95: number,
      p99: number,
    },
  })
  .nullish()

type Statistics = z.output<typeof statistics>

const component = z.looseObject({
  standardized: z
    .looseObject({
      kind: z.string(),
      role: z.string().nullish(),
      replicas: z.number().nullish(),
      tool: z.string().nullish(),
      tool_version: z.string().nullish(),
      model: z.looseObject({ name: z.string() }).nullish(),
      accelerator: z.looseObject({ model: z.string().nullish(), count: z.number() }).nullish(),
    })
    .nullish(),
})

const reportSchema = z.looseObject({
  version: z.union([z.literal('0.2'), z.literal('0.2.1')]),
  run: z.looseObject({
    time: z
      .looseObject({
        start: z.coerce.string().nullish(),
        end: z.coerce.string().nullish(),
        duration: z.string().nullish(),
      })
      .nullish(),
  }),
  scenario: z.looseObject({
    stack: z.array(component).nullish(),
    load: z
      .looseObject({
        standardized: z.looseObject({
          tool: z.string(),
          tool_version: z.string().nullish(),
          rate_qps: z.unknown(),
          concurrency: z.unknown(),
          input_seq_len: z.looseObject({ value: number }).nullish(),
          output_seq_len: z.looseObject({ value: number }).nullish(),
        }),
      })
      .nullish(),
  }),
  results: z.looseObject({
    request_performance: z.looseObject({
      aggregate: z.looseObject({
        requests: z.looseObject({
          total: z.number(),
          failures: z.number().nullish(),
          input_length: statistics,
          output_length: statistics,
        }),
        latency: z
          .looseObject({
            time_to_first_token: statistics,
            time_per_output_token: statistics,
            inter_token_latency: statistics,
            request_latency: statistics,
          })
          .nullish(),
        throughput: z
          .looseObject({
            input_token_rate: statistics,
            output_token_rate: statistics,
            total_token_rate: statistics,
            request_rate: statistics,
          })
          .nullish(),
      }),
    }),
  }),
})

type Report = z.output<typeof reportSchema>

/** llm-d-benchmark's standard report of one stage, from any harness. */
export const llmDFormat: ImportFormat = {
  isOf: ({ value }) =>
    at(value, 'version') !== undefined &&
    at(value, 'scenario') !== undefined &&
    (at(value, 'results') ?? at(value, 'metrics')) !== undefined,
  read: file => only(...readReport(file)),
}

function readReport({ value, notNumbers, modifiedAt }: FoundFile): readonly ImportedSummary[] {
  const writer = `llm-d-benchmark, report version ${String(at(value, 'version'))}`
  const read = reportSchema.safeParse(value)
  if (!read.success) throw unreadable(layout, writer, mismatch(read.error))
  const own = read.data
  const { requests, latency, throughput } = own.results.request_performance.aggregate
  const failed = requests.failures ?? null
  const completed = requests.total - (failed ?? 0)
  const of = (said: Statistics, kind: 'ms' | 'tokens' | 'rate') =>
    completed === 0 ? null : distribution(said, completed, kind)
  const isl = of(requests.input_length, 'tokens')
  const osl = of(requests.output_length, 'tokens')
  const output = of(throughput?.output_token_rate, 'rate')?.mean ?? null
  const total = of(throughput?.total_token_rate, 'rate')?.mean ?? null
  const load = own.scenario.load?.standardized
  const deployment = deploymentOf(own)
  const program = load?.tool ?? 'llm-d-benchmark'
  const asked: AskedLoad = {
    model: modelOf(own),
    level: levelOf(own),
    ...{ api: 'completions', streaming: latency?.time_to_first_token != null },
    isl: tokens(load?.input_seq_len?.value ?? isl?.mean),
    osl: tokens(load?.output_seq_len?.value ?? osl?.mean),
    requests: requests.total,
    ...{ warmup: 0, dataset: requests.total, seed: 0 },
  }
  const durationS = secondsOf(own.run.time?.duration)
  const measurement = measurementOfForeign(
    {
      ...{ program, version: load?.tool_version ?? 'unknown', completed, failed, durationS },
      startedAt: startOf(own, modifiedAt, durationS),
      ttftMs: of(latency?.time_to_first_token, 'ms'),
      itlMs: of(latency?.time_per_output_token, 'ms'),
      interChunkMs: of(latency?.inter_token_latency, 'ms'),
      requestLatencyMs: of(latency?.request_latency, 'ms'),
      ...{ isl, osl },
      requestsPerS: of(throughput?.request_rate, 'rate')?.mean ?? null,
      outputTokensPerS: output,
      inputTokensPerS:
        of(throughput?.input_token_rate, 'rate')?.mean ?? (total === null || output === null ? null : total - output),
      inputTokens: isl === null ? null : Math.round(isl.mean * completed),
      outputTokens: osl === null ? null : Math.round(osl.mean * completed),
      remarks: unknownFigures(notNumbers),
    },
    asked,
  )
  return [{ program, allFailed: completed === 0, asked, measurement, deployment }]
}

/** A report states its units: s or ms, per request or per token. */
function distribution(said: Statistics, count: number, kind: 'ms' | 'tokens' | 'rate'): Distribution | null {
  if (said === null || said === undefined) return null
  const { units } = said
  const factors: { readonly [kind in typeof kind]: { readonly [units: string]: number } } = {
    ms: { s: 1000, ms: 1, 's/token': 1000, 'ms/token': 1 },
    tokens: { count: 1 },
    rate: { 'tokens/s': 1, 'queries/s': 1 },
  }
  const factor = factors[kind][units]
  if (factor === undefined) throw unreadable(layout, 'llm-d-benchmark', `its unit ${units} is not known there`)
  return partial(said, count, factor)
}

function levelOf({ scenario }: Report): LoadLevel {
  const load = scenario.load?.standardized
  const [rate, concurrency] = [Number(load?.rate_qps ?? Number.NaN), Number(load?.concurrency ?? Number.NaN)]
  if (Number.isFinite(concurrency) && concurrency > 0 && !(Number.isFinite(rate) && rate > 0))
    return { kind: 'concurrency', concurrency }
  if (!Number.isFinite(rate) || rate <= 0)
    throw unreadable(layout, 'llm-d-benchmark', 'it states neither a concurrency nor a rate of requests')
  const limit = Number.isFinite(concurrency) && concurrency > 0 ? { maxConcurrency: concurrency } : {}
  return { kind: 'rate', requestsPerS: rate, arrivals: { kind: 'constant' }, ...limit }
}

const engines = ({ scenario }: Report) =>
  (scenario.stack ?? []).flatMap(({ standardized }) =>
    standardized?.kind === 'inference_engine' ? [standardized] : [],
  )

const modelOf = (own: Report): string => engines(own)[0]?.model?.name ?? 'unknown'

function deploymentOf(own: Report): SaidDeployment | null {
  const parts = engines(own)
  const replicas = (role: string) =>
    parts.filter(part => part.role === role).reduce((sum, part) => sum + (part.replicas ?? 1), 0)
  const gpus = (role: string) => parts.find(part => part.role === role)?.accelerator?.count ?? 0
  const [prefill, decode] = [replicas('prefill'), replicas('decode')]
  const [other] = parts.filter(({ role }) => role !== 'prefill')
  const topology: Topology | null =
    prefill > 0 && decode > 0
      ? { kind: 'disaggregated', prefill, decode }
      : other === undefined
        ? null
        : { kind: 'aggregated', workers: other.replicas ?? 1 }
  if (topology === null) return null
  const [first] = parts
  const settings = Object.entries({
    hardware: first?.accelerator?.model,
    framework: first?.tool,
    framework_version: first?.tool_version,
  }).flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, value] as const]))
  return {
    topology,
    gpusPerWorker: {
      prefill: gpus('prefill'),
      decode: gpus('decode'),
      aggregated: topology.kind === 'aggregated' ? (other?.accelerator?.count ?? 0) : 0,
    },
    settings: Object.fromEntries(settings),
    isStated: true,
  }
}

/** ISO 8601 durations as Pydantic writes them: `PT49.97S`, `PT1M2S`. */
function secondsOf(text: string | null | undefined): number | null {
  const [whole, hours, minutes, seconds] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(text ?? '') ?? []
  if (whole === undefined) return null
  return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)
}

function startOf({ run }: Report, modifiedAt: Date, durationS: number | null): string {
  const start = new Date(run.time?.start ?? Number.NaN)
  if (!Number.isNaN(start.getTime())) return start.toISOString()
  const end = new Date(run.time?.end ?? Number.NaN)
  const known = Number.isNaN(end.getTime()) ? modifiedAt : end
  return new Date(known.getTime() - (durationS ?? 0) * 1000).toISOString()
}
