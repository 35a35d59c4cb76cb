import { z } from 'zod'
import type { Distribution, Finding, RequestErrors } from '../../../metrics/measurement.ts'
import type { LoadLevel } from '../../../model/index.ts'
import { measurementOfForeign, partial, tokens } from '../foreign.ts'
import { at, type FoundFile, type ImportFormat, nameOf, only } from '../format.ts'
import { mismatch, unreadable } from '../read.ts'
import type { AskedLoad, ImportedSummary } from '../summary.ts'
import { unknownFigures } from '../summary.ts'

const layout = 'stage_N_lifecycle_metrics.json as inference-perf 0.2 and later write it'

const statistics = z
  .looseObject({
    ...{ mean: z.number(), min: z.number().nullish(), max: z.number().nullish(), median: z.number().nullish() },
    ...{ p1: z.number().nullish(), p5: z.number().nullish(), p10: z.number().nullish(), p25: z.number().nullish() },
    ...{ p75: z.number().nullish(), p90: z.number().nullish(), p95: z.number().nullish(), p99: z.number().nullish() },
  })
  .nullish()

const counted = z.looseObject({ mean: z.number().nullish(), total: z.number().nullish() }).nullish()

const stageSchema = z.looseObject({
  benchmark_time_seconds: z.number().nullish(),
  load_summary: z.looseObject({
    count: z.number(),
    requested_rate: z.number().nullish(),
    achieved_rate: z.number().nullish(),
    concurrency: z.number().nullish(),
    send_duration: z.number().nullish(),
  }),
  successes: z.looseObject({
    count: z.number(),
    latency: z
      .looseObject({
        request_latency: statistics,
        time_per_output_token: statistics,
        time_to_first_token: statistics,
        inter_token_latency: statistics,
      })
      .nullish(),
    throughput: z
      .looseObject({
        input_tokens_per_sec: z.number(),
        output_tokens_per_sec: z.number(),
        requests_per_sec: z.number(),
      })
      .nullish(),
    prompt_len: statistics,
    // Replaces prompt_len since 0.4.
    prompt_tokens: counted,
    // Counted by its tokenizer; output_tokens, since 0.7, by the server.
    output_len: statistics,
    output_tokens: counted,
    goodput_metrics: z.looseObject({ request_goodput: z.number().nullish() }).nullish(),
  }),
  failures: z.looseObject({
    count: z.number(),
    by_label: z.record(z.string(), z.looseObject({ count: z.number() })).nullish(),
  }),
})

type Stage = z.output<typeof stageSchema>

/** inference-perf's report of one stage of load. The summary over all stages has no single load level. */
export const inferencePerfFormat: ImportFormat = {
  isOf: ({ path, value }) =>
    /stage_\d+_lifecycle_metrics\.json$/.test(nameOf(path)) && at(value, 'load_summary') !== undefined,
  read: (file, others) => only(...readStage(file, others)),
}

function readStage(
  { value, notNumbers, modifiedAt }: FoundFile,
  others: ReadonlyMap<string, FoundFile>,
): readonly ImportedSummary[] {
  const writer = 'inference-perf (it names no version)'
  const read = stageSchema.safeParse(value)
  if (!read.success) throw unreadable(layout, writer, mismatch(read.error))
  const own = read.data
  const completed = own.successes.count
  const failed = own.failures.count
  if (completed + failed === 0) throw unreadable(layout, writer, 'it counts no requests')
  const rate = own.successes.throughput?.requests_per_sec ?? null
  const durationS = own.benchmark_time_seconds ?? (rate !== null && rate > 0 ? completed / rate : null)
  const of = (said: z.output<typeof statistics>, by = 1) => (completed === 0 ? null : distribution(said, completed, by))
  const latency = own.successes.latency
  const isl = of(own.successes.prompt_len) ?? meanOf(own.successes.prompt_tokens, completed)
  const osl = meanOf(own.successes.output_tokens, completed) ?? of(own.successes.output_len)
  const config = configOf(others)
  const asked: AskedLoad = {
    model: config.model ?? 'unknown',
    level: levelOf(own),
    api: config.isCompletions ? 'completions' : 'chat',
    streaming: latency?.time_to_first_token !== null && latency?.time_to_first_token !== undefined,
    isl: config.isl ?? tokens(isl?.mean),
    osl: config.osl ?? tokens(osl?.mean),
    requests: own.load_summary.count,
    ...{ warmup: 0, dataset: own.load_summary.count, seed: 0 },
  }
  const throughput = completed === 0 ? null : own.successes.throughput
  const measurement = measurementOfForeign(
    {
      ...{ program: 'inference-perf', version: 'unknown', completed, failed, errors: errorsOf(own), durationS },
      startedAt: new Date(modifiedAt.getTime() - (durationS ?? 0) * 1000).toISOString(),
      ttftMs: of(latency?.time_to_first_token, 1000),
      itlMs: of(latency?.time_per_output_token, 1000),
      interChunkMs: of(latency?.inter_token_latency, 1000),
      requestLatencyMs: of(latency?.request_latency, 1000),
      ...{ isl, osl },
      requestsPerS: throughput?.requests_per_sec ?? null,
      outputTokensPerS: throughput?.output_tokens_per_sec ?? null,
      inputTokensPerS: throughput?.input_tokens_per_sec ?? null,
      goodputPerS: own.successes.goodput_metrics?.request_goodput ?? null,
      inputTokens: isl === null ? (completed === 0 ? 0 : null) : Math.round(isl.mean * completed),
      outputTokens: osl === null ? (completed === 0 ? 0 : null) : Math.round(osl.mean * completed),
      remarks: [...unknownFigures(notNumbers), ...startUnknown],
    },
    asked,
  )
  return [{ program: 'inference-perf', allFailed: completed === 0, asked, measurement, deployment: null }]
}

const startUnknown: readonly Finding[] = [
  {
    severity: 'note',
    code: 'imported-start-unknown',
    message: 'inference-perf does not say when it ran, so Fulcrum uses the time of the file',
  },
]

const meanOf = (said: z.output<typeof counted>, count: number): Distribution | null =>
  partial({ mean: said?.mean ?? null }, count)

function distribution(said: z.output<typeof statistics>, count: number, by: number): Distribution | null {
  if (said === null || said === undefined) return null
  return partial({ ...said, p50: said.median, stddev: null }, count, by)
}

/** A stage with a concurrency reports it. Its `requested_rate` then only gives the speed at which slots were filled. */
function levelOf({ load_summary: { concurrency, requested_rate, achieved_rate } }: Stage): LoadLevel {
  if (concurrency !== null && concurrency !== undefined && concurrency > 0) return { kind: 'concurrency', concurrency }
  // Only the configuration contains the kind of arrivals; inference-perf's default is constant.
  return { kind: 'rate', requestsPerS: requested_rate ?? achieved_rate ?? 0, arrivals: { kind: 'constant' } }
}

/** Model and lengths from config.yaml, which inference-perf writes beside its reports. */
function configOf(others: ReadonlyMap<string, FoundFile>) {
  const config = [...others.values()].find(({ path }) => /(^|\/)config\.ya?ml$/.test(path))?.value
  const mean = (key: string) => {
    const value = at(at(at(config, 'data'), key), 'mean')
    return typeof value === 'number' ? value : undefined
  }
  const model = at(at(config, 'server'), 'model_name')
  return {
    model: typeof model === 'string' ? model : undefined,
    isCompletions: at(at(config, 'api'), 'type') === 'completion',
    isl: mean('input_distribution'),
    osl: mean('output_distribution'),
  }
}

function errorsOf({ failures }: Stage): readonly RequestErrors[] {
  if (failures.count === 0) return []
  const labels = Object.entries(failures.by_label ?? {})
  if (labels.length === 0)
    return [{ kind: 'bad-response', count: failures.count, example: 'inference-perf does not say why' }]
  return labels.map(([label, { count }]) => ({
    kind: /timeout/i.test(label)
      ? 'timeout'
      : /connect/i.test(label)
        ? 'connect'
        : /\b[45]\d\d\b/.test(label)
          ? 'http-status'
          : 'bad-response',
    count,
    example: label.slice(0, 500),
  }))
}
