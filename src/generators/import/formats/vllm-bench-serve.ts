import { z } from 'zod'
import { distributionOf } from '../../../metrics/distribution.ts'
import type { Distribution, RequestErrors } from '../../../metrics/measurement.ts'
import { defined, type LoadLevel } from '../../../model/index.ts'
import { type ForeignFigures, meanOnly, measurementOfForeign, partial, tokens } from '../foreign.ts'
import { at, type FoundFile, type ImportFormat, only } from '../format.ts'
import { mismatch, unreadable } from '../read.ts'
import type { AskedLoad, ImportedSummary } from '../summary.ts'
import { unknownFigures } from '../summary.ts'

const layout = 'results of vllm bench serve (Python and Rust, with and without --save-detailed)'

const number = z.number().nullish()

/**
 * Used part of a result of Python's `vllm bench serve`, its predecessor benchmark_serving.py, or `vllm-rs bench serve`.
 * Times end in `_ms`; the names of percentiles depend on --metric-percentiles.
 */
export const benchServeSchema = z.looseObject({
  date: z.string().nullish(),
  backend: z.string().nullish(),
  endpoint_type: z.string().nullish(),
  model_id: z.string(),
  num_prompts: z.number(),
  request_rate: z.union([z.number(), z.string()]).nullish(),
  burstiness: number,
  max_concurrency: number,
  duration: z.number(),
  completed: z.number(),
  failed: number,
  total_input_tokens: number,
  total_output_tokens: number,
  request_throughput: z.number(),
  request_goodput: number,
  output_throughput: z.number(),
  total_token_throughput: z.number(),
  input_lens: z.array(z.number()).nullish(),
  output_lens: z.array(z.number()).nullish(),
  ttfts: z.array(z.number()).nullish(),
  itls: z.array(z.array(z.number())).nullish(),
  errors: z.array(z.string()).nullish(),
})

/** A result file of `vllm bench serve`. */
export type BenchServe = z.output<typeof benchServeSchema>

/** vLLM's benchmark, in Python or Rust. */
export const vllmBenchFormat: ImportFormat = {
  isOf: ({ value }) =>
    at(value, 'request_throughput') !== undefined &&
    at(value, 'output_throughput') !== undefined &&
    at(value, 'num_prompts') !== undefined,
  read: file => only(readBenchServe(file, 'vllm-bench')),
}

/**
 * @param program generator name of the point
 * @throws FulcrumError (bad-input) `summary-unreadable` for another layout
 */
export function readBenchServe({ value, notNumbers, modifiedAt }: FoundFile, program: string): ImportedSummary {
  const writer = `vllm bench serve (it names no version${at(value, 'mode') === undefined ? '' : `, mode ${String(at(value, 'mode'))}`})`
  if (at(value, 'mode') === 'multi_turn')
    throw unreadable(layout, writer, 'a multi-turn result has conversations, of which it keeps no lengths')
  const read = benchServeSchema.safeParse(value)
  if (!read.success) throw unreadable(layout, writer, mismatch(read.error))
  const own = read.data
  const ended = own.completed + (own.failed ?? 0)
  if (ended > own.num_prompts)
    throw unreadable(layout, writer, `it counts ${ended} answered or failed requests of num_prompts ${own.num_prompts}`)
  const asked = askedOf(own)
  const measurement = measurementOfForeign(
    { ...figuresOf(own, program, modifiedAt), remarks: unknownFigures(notNumbers) },
    asked,
  )
  return { program, allFailed: own.completed === 0, asked, measurement, deployment: null }
}

/** Figures of a result, from its records of requests if it has them, otherwise from its summary. */
export function figuresOf(own: BenchServe, program: string, modifiedAt: Date): ForeignFigures {
  const { completed, duration } = own
  const detail = detailOf(own)
  const of = (metric: string) => statisticsOf(own, metric, completed)
  const perS = (total: number | null | undefined) =>
    total === null || total === undefined || !(duration > 0) ? null : total / duration
  const lengths = (total: number | null | undefined) =>
    completed > 0 && total !== null && total !== undefined ? meanOnly(total / completed, completed) : null
  return {
    program,
    version: 'unknown',
    startedAt: startOf(own.date, modifiedAt, duration),
    durationS: duration,
    completed,
    failed: own.failed ?? Math.max(0, own.num_prompts - completed),
    errors: errorsOf(own),
    ttftMs: detail?.ttftMs ?? of('ttft'),
    itlMs: detail?.itlMs ?? of('tpot'),
    interChunkMs: detail?.gapsMs ?? of('itl'),
    requestLatencyMs: detail?.latencyMs ?? of('e2el'),
    isl: detail?.isl ?? lengths(own.total_input_tokens),
    osl: detail?.osl ?? lengths(own.total_output_tokens),
    requestsPerS: own.request_throughput,
    outputTokensPerS: own.output_throughput,
    inputTokensPerS: perS(own.total_input_tokens) ?? own.total_token_throughput - own.output_throughput,
    goodputPerS: own.request_goodput ?? null,
    inputTokens: own.total_input_tokens ?? null,
    outputTokens: own.total_output_tokens ?? null,
  }
}

function askedOf(own: BenchServe): AskedLoad {
  const answered = Math.max(1, own.completed)
  return {
    model: own.model_id,
    level: levelOf(own),
    api: /chat/.test(`${own.endpoint_type ?? ''} ${own.backend ?? ''}`) ? 'chat' : 'completions',
    streaming: true,
    // The result does not contain the requested lengths, so the actual ones are used.
    isl: tokens((own.total_input_tokens ?? 0) / answered),
    osl: tokens((own.total_output_tokens ?? 0) / answered),
    requests: own.num_prompts,
    warmup: 0,
    dataset: own.num_prompts,
    seed: 0,
  }
}

function levelOf({ request_rate, burstiness, max_concurrency, num_prompts }: BenchServe): LoadLevel {
  const rate = Number(request_rate ?? Number.POSITIVE_INFINITY)
  // Without a limit, all requests are sent at once.
  if (!Number.isFinite(rate) || rate <= 0) return { kind: 'concurrency', concurrency: max_concurrency ?? num_prompts }
  const arrivals =
    burstiness === undefined || burstiness === null || burstiness === 1
      ? ({ kind: 'poisson' } as const)
      : ({ kind: 'gamma', burstiness } as const)
  return {
    kind: 'rate',
    requestsPerS: rate,
    arrivals,
    ...defined({ maxConcurrency: max_concurrency ?? undefined }),
  }
}

/** `mean_ttft_ms`, `median_ttft_ms`, `std_ttft_ms`, `p99_ttft_ms`, and the older list `percentiles_ttft_ms`. */
function statisticsOf(own: BenchServe, metric: string, count: number): Distribution | null {
  if (count === 0) return null
  const listed = z.array(z.tuple([z.number(), z.number()])).safeParse(own[`percentiles_${metric}_ms`])
  const said = (name: string) => {
    const value = own[`${name}_${metric}_ms`]
    return typeof value === 'number' ? value : undefined
  }
  const p = (percentile: number) => said(`p${percentile}`) ?? listed.data?.find(([rank]) => rank === percentile)?.[1]
  return partial(
    {
      ...{ mean: said('mean'), stddev: said('std'), p50: said('median') ?? p(50) },
      ...{ p1: p(1), p5: p(5), p10: p(10), p25: p(25), p75: p(75), p90: p(90), p95: p(95), p99: p(99) },
    },
    count,
  )
}

/** Its records of requests with Fulcrum's definitions; null if it has none. */
function detailOf(own: BenchServe) {
  const { ttfts, itls, output_lens: out, input_lens: input, errors } = own
  if (!ttfts || !itls || !out || !input || ttfts.length !== itls.length || ttfts.length !== out.length) return null
  const answered = ttfts.flatMap((ttft, index) => {
    const length = out[index] ?? 0
    if ((errors?.[index] ?? '') !== '' || length === 0) return []
    const gaps = itls[index] ?? []
    const decode = gaps.reduce((sum, gap) => sum + gap, 0)
    return [{ ttft, gaps, decode, length, prompt: input[index] ?? Number.NaN }]
  })
  if (answered.length !== own.completed) return null
  const ms = (values: readonly number[]) => distributionOf(Float64Array.from(values, value => value * 1000))
  return {
    ttftMs: ms(answered.map(({ ttft }) => ttft)),
    itlMs: ms(answered.flatMap(({ decode, length }) => (length > 1 ? [decode / (length - 1)] : []))),
    gapsMs: ms(answered.flatMap(({ gaps }) => gaps)),
    latencyMs: ms(answered.map(({ ttft, decode }) => ttft + decode)),
    isl: distributionOf(Float64Array.from(answered, ({ prompt }) => prompt)),
    osl: distributionOf(Float64Array.from(answered, ({ length }) => length)),
  }
}

function errorsOf({ errors }: BenchServe): readonly RequestErrors[] {
  const said = (errors ?? []).filter(error => error !== '')
  const [example] = said
  if (example === undefined) return []
  const kind = /^HTTP \d|status/i.test(example) ? 'http-status' : 'bad-response'
  return [{ kind, count: said.length, example: example.replace(/\s+/g, ' ').slice(0, 500) }]
}

/** Python writes `20260213-075258` in local time, Rust ISO 8601; both at the end of the run. */
function startOf(date: string | null | undefined, modifiedAt: Date, durationS: number): string {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(date ?? '') ?? []
  const end =
    year === undefined ? new Date(date ?? Number.NaN) : new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}`)
  const known = Number.isNaN(end.getTime()) ? modifiedAt : end
  return new Date(known.getTime() - durationS * 1000).toISOString()
}
