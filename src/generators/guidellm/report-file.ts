import { z } from 'zod'
import { FulcrumError } from '../../model/index.ts'
import { mismatch } from '../import/read.ts'

const epochS = z.number().nullish()

const request = z.looseObject({
  info: z.looseObject({
    error: z.string().nullish(),
    timings: z.looseObject({
      targeted_start: epochS,
      request_start: epochS,
      /** First piece with a token, including reasoning. */
      first_token_iteration: epochS,
      last_token_iteration: epochS,
      request_end: epochS,
      token_iterations: z.number().nullish(),
    }),
  }),
  prompt_tokens: z.number().nullish(),
  cached_tokens: z.number().nullish(),
  output_tokens: z.number().nullish(),
})

/** One request as recorded by GuideLLM. */
export type GuideLlmRequest = z.output<typeof request>

const statistics = z.looseObject({ successful: z.looseObject({ mean: z.number() }) }).nullish()

const report = z.looseObject({
  metadata: z.looseObject({ version: z.literal(2), guidellm_version: z.string() }),
  benchmarks: z
    .array(
      z.looseObject({
        metrics: z.looseObject({
          request_totals: z.looseObject({ successful: z.number(), errored: z.number(), incomplete: z.number() }),
          time_to_first_token_ms: statistics,
          /** Seconds. */
          request_latency: statistics,
        }),
        requests: z.looseObject({
          successful: z.array(request),
          errored: z.array(request),
          incomplete: z.array(request),
        }),
      }),
    )
    .length(1),
})

/** Parts of a report that are used. */
export interface GuideLlmReport {
  readonly version: string
  readonly successful: readonly GuideLlmRequest[]
  readonly errored: readonly GuideLlmRequest[]
  /** Requests still running at the end. */
  readonly incomplete: readonly GuideLlmRequest[]
  /** Its own figures over all answered requests. */
  readonly own: {
    readonly ttftMs: number | undefined
    readonly latencyMs: number | undefined
    readonly answered: number
  }
}

/**
 * Reads a report of GuideLLM 0.8 with its records of requests.
 * @throws FulcrumError failed `guidellm-output-unreadable` for another layout
 */
export function readGuideLlmReport(text: string, file: string): GuideLlmReport {
  const unreadable = (why: string) =>
    new FulcrumError('failed', 'guidellm-output-unreadable', `The report of GuideLLM is not readable: ${why}`, {
      where: file,
      remedy: 'Use GuideLLM 0.8.',
    })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw unreadable('it is cut short, or not JSON')
  }
  const read = report.safeParse(json)
  if (!read.success) throw unreadable(mismatch(read.error))
  const [benchmark] = read.data.benchmarks
  if (benchmark === undefined) throw unreadable('it holds no benchmark')
  const { metrics, requests } = benchmark
  const latencyS = metrics.request_latency?.successful.mean
  return {
    version: read.data.metadata.guidellm_version,
    ...requests,
    own: {
      ttftMs: metrics.time_to_first_token_ms?.successful.mean,
      latencyMs: latencyS === undefined ? undefined : latencyS * 1000,
      answered: metrics.request_totals.successful,
    },
  }
}
