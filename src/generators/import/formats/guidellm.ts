import { z } from 'zod'
import type { Distribution, Finding, RequestErrors } from '../../../metrics/measurement.ts'
import { counted, FulcrumError, type LoadLevel } from '../../../model/index.ts'
import { measurementOfForeign, partial, tokens } from '../foreign.ts'
import { at, type FoundFile, type ImportFormat, only } from '../format.ts'
import { mismatch, unreadable } from '../read.ts'
import type { AskedLoad, ImportedSummary } from '../summary.ts'
import { unknownFigures } from '../summary.ts'

const layout = 'reports of version 2, as GuideLLM 0.8 writes them'

const statistics = z.looseObject({
  mean: z.number(),
  std_dev: z.number(),
  min: z.number(),
  max: z.number(),
  count: z.number(),
  total_sum: z.number(),
  percentiles: z.looseObject({
    ...{ p01: z.number(), p05: z.number(), p10: z.number(), p25: z.number(), p50: z.number() },
    ...{ p75: z.number(), p90: z.number(), p95: z.number(), p99: z.number() },
  }),
})

type Statistics = z.output<typeof statistics>

const ofSuccessful = z.looseObject({ successful: statistics })

const strategy = z.looseObject({
  type_: z.string(),
  streams: z.number().nullish(),
  max_concurrency: z.number().nullish(),
  rate: z.number().nullish(),
})

const benchmark = z.looseObject({
  config: z.looseObject({
    strategy,
    backend: z.looseObject({
      model: z.string().nullish(),
      request_format: z.string().nullish(),
      stream: z.boolean().nullish(),
    }),
  }),
  metrics: z.looseObject({
    request_totals: z.looseObject({ successful: z.number(), errored: z.number(), incomplete: z.number() }),
    requests_per_second: ofSuccessful,
    request_latency: ofSuccessful,
    prompt_token_count: ofSuccessful,
    output_token_count: ofSuccessful,
    time_to_first_token_ms: ofSuccessful,
    inter_token_latency_ms: ofSuccessful,
    output_tokens_per_second: ofSuccessful,
    prompt_tokens_per_second: ofSuccessful,
  }),
  requests: z.looseObject({
    errored: z.array(z.looseObject({ info: z.looseObject({ error: z.string().nullish() }).nullish() })).default([]),
  }),
  start_time: z.number(),
  duration: z.number(),
})

const report = z.looseObject({
  metadata: z.looseObject({ version: z.literal(2), guidellm_version: z.string() }),
  config: z.looseObject({
    spec: z
      .looseObject({
        data: z
          .array(z.looseObject({ prompt_tokens: z.number().nullish(), output_tokens: z.number().nullish() }))
          .nullish(),
      })
      .nullish(),
  }),
  benchmarks: z.array(benchmark),
})

/** GuideLLM's report, with one benchmark per load level. */
export const guideLlmFormat: ImportFormat = {
  isOf: ({ value }) => at(at(value, 'metadata'), 'guidellm_version') !== undefined || isOlder(value),
  read: file => only(...readReport(file)),
}

/** Reports before version 2 do not record the program's version. */
const isOlder = (value: unknown): boolean => {
  const benchmarks = at(value, 'benchmarks')
  return Array.isArray(benchmarks) && at(at(benchmarks[0], 'metrics'), 'time_to_first_token_ms') !== undefined
}

function readReport({ value, notNumbers }: FoundFile): readonly ImportedSummary[] {
  const metadata = at(value, 'metadata')
  const said = (key: string) => String(at(metadata, key) ?? 'unknown')
  const writer = `GuideLLM ${said('guidellm_version')}, report version ${said('version')}`
  const read = report.safeParse(value)
  if (!read.success) throw unreadable(layout, writer, mismatch(read.error))
  const { benchmarks, config, metadata: own } = read.data
  if (benchmarks.length === 0) throw unreadable(layout, writer, 'it holds no benchmark')
  const data = config.spec?.data?.[0]
  return benchmarks.map(one => {
    const { metrics } = one
    const completed = metrics.request_totals.successful
    const failed = metrics.request_totals.errored
    const of = (metric: { readonly successful: Statistics }, by = 1) =>
      completed === 0 || metric.successful.count === 0 ? null : distribution(metric.successful, by)
    const isl = of(metrics.prompt_token_count)
    const osl = of(metrics.output_token_count)
    const asked: AskedLoad = {
      model: one.config.backend.model ?? 'unknown',
      level: levelOf(one.config.strategy, writer),
      api: one.config.backend.request_format?.includes('chat') === false ? 'completions' : 'chat',
      streaming: one.config.backend.stream ?? true,
      isl: data?.prompt_tokens ?? tokens(isl?.mean),
      osl: data?.output_tokens ?? tokens(osl?.mean),
      requests: completed + failed,
      ...{ warmup: 0, dataset: completed + failed, seed: 0 },
    }
    // GuideLLM's `…_per_second` are means over time, distorted by gaps. These are totals divided by the duration.
    const perS = (total: number) => (one.duration > 0 && completed > 0 ? total / one.duration : null)
    const measurement = measurementOfForeign(
      {
        program: 'guidellm',
        version: own.guidellm_version,
        startedAt: new Date(one.start_time * 1000).toISOString(),
        durationS: one.duration,
        ...{ completed, failed, errors: errorsOf(one) },
        ttftMs: of(metrics.time_to_first_token_ms),
        itlMs: of(metrics.inter_token_latency_ms),
        requestLatencyMs: of(metrics.request_latency, 1000),
        ...{ isl, osl },
        requestsPerS: perS(completed),
        outputTokensPerS: perS(metrics.output_token_count.successful.total_sum),
        inputTokensPerS: perS(metrics.prompt_token_count.successful.total_sum),
        inputTokens: metrics.prompt_token_count.successful.total_sum,
        outputTokens: metrics.output_token_count.successful.total_sum,
        remarks: [...incomplete(metrics.request_totals.incomplete), ...unknownFigures(notNumbers)],
      },
      asked,
    )
    return { program: 'guidellm', allFailed: completed === 0, asked, measurement, deployment: null }
  })
}

function distribution(said: Statistics, by: number): Distribution | null {
  const { p01, p05, p10, p25, p50, p75, p90, p95, p99 } = said.percentiles
  return partial(
    {
      ...{ mean: said.mean, stddev: said.std_dev, min: said.min, max: said.max },
      ...{ p1: p01, p5: p05, p10, p25, p50, p75, p90, p95, p99 },
    },
    said.count,
    by,
  )
}

function levelOf({ type_, streams, max_concurrency, rate }: z.output<typeof strategy>, writer: string): LoadLevel {
  const limit = max_concurrency === null || max_concurrency === undefined ? {} : { maxConcurrency: max_concurrency }
  switch (type_) {
    case 'synchronous':
      return { kind: 'concurrency', concurrency: 1 }
    case 'concurrent':
    case 'throughput':
      return { kind: 'concurrency', concurrency: streams ?? max_concurrency ?? 1 }
    case 'constant':
      return { kind: 'rate', requestsPerS: rate ?? 0, arrivals: { kind: 'constant' }, ...limit }
    case 'poisson':
      return { kind: 'rate', requestsPerS: rate ?? 0, arrivals: { kind: 'poisson' }, ...limit }
    default:
      throw new FulcrumError(
        'bad-input',
        'summary-unreadable',
        `${writer}: its strategy ${type_} is not a load level. Fulcrum reads ${layout}`,
      )
  }
}

function incomplete(count: number): readonly Finding[] {
  if (count === 0) return []
  const message = `GuideLLM left ${counted(count, 'request')} incomplete when it ended: they are in no figure`
  return [{ severity: 'note', code: 'imported-incomplete-requests', message }]
}

function errorsOf({ metrics, requests }: z.output<typeof benchmark>): readonly RequestErrors[] {
  const { errored } = metrics.request_totals
  if (errored === 0) return []
  const example = requests.errored.find(({ info }) => info?.error)?.info?.error ?? 'GuideLLM does not say why'
  const kind = /HTTPStatusError|status/i.test(example)
    ? 'http-status'
    : /connect/i.test(example)
      ? 'connect'
      : 'bad-response'
  return [{ kind, count: errored, example: example.replace(/\s+/g, ' ').slice(0, 500) }]
}
