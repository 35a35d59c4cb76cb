import { z } from 'zod'
import { FulcrumError } from '../../model/index.ts'
import { mismatch } from '../import/read.ts'

/** Times are seconds on the system's monotonic clock. */
const request = z.looseObject({
  start_time: z.number(),
  end_time: z.number(),
  info: z
    .looseObject({
      input_tokens: z.number(),
      response_metrics: z
        .looseObject({
          /** Counted by its tokenizer. */
          output_tokens: z.number().nullish(),
          /** Chunks with text. */
          chunk_times: z.array(z.number()).nullish(),
          server_usage: z
            .looseObject({
              prompt_tokens: z.number().nullish(),
              completion_tokens: z.number().nullish(),
              prompt_tokens_details: z.looseObject({ cached_tokens: z.number().nullish() }).nullish(),
            })
            .nullish(),
        })
        .nullish(),
    })
    .nullish(),
  error: z.looseObject({ error_type: z.string(), error_msg: z.string() }).nullish(),
})

/** One request as recorded by inference-perf. */
export type RecordedRequest = z.output<typeof request>

const requests = z.array(request)

/** Seconds. */
const mean = z.looseObject({ mean: z.number() }).nullish()

const summary = z.looseObject({
  load_summary: z.looseObject({ schedule_delay: mean }),
  successes: z.looseObject({
    count: z.number(),
    latency: z.looseObject({ request_latency: mean, time_to_first_token: mean }).nullish(),
  }),
})

/** Its own figures over everything that it sent. */
export interface OwnFigures {
  readonly answered: number
  readonly ttftMs: number | undefined
  readonly latencyMs: number | undefined
  /** Mean delay of the sends behind their schedule. */
  readonly delayMs: number | undefined
}

/**
 * Reads `per_request_lifecycle_metrics.json`.
 * @throws FulcrumError failed `inference-perf-output-unreadable` for another layout
 */
export const readRecords = (text: string, file: string): readonly RecordedRequest[] => read(requests, text, file)

/**
 * Reads `summary_lifecycle_metrics.json`.
 * @throws FulcrumError failed `inference-perf-output-unreadable` for another layout
 */
export function readOwnFigures(text: string, file: string): OwnFigures {
  const { load_summary, successes } = read(summary, text, file)
  const ms = (said: z.output<typeof mean>) => (typeof said?.mean === 'number' ? said.mean * 1000 : undefined)
  return {
    answered: successes.count,
    ttftMs: ms(successes.latency?.time_to_first_token),
    latencyMs: ms(successes.latency?.request_latency),
    delayMs: ms(load_summary.schedule_delay),
  }
}

function read<T>(schema: z.ZodType<T>, text: string, file: string): T {
  const unreadable = (why: string) =>
    new FulcrumError(
      'failed',
      'inference-perf-output-unreadable',
      `The report of inference-perf is not readable: ${why}`,
      { where: file, remedy: 'Use inference-perf 0.7.' },
    )
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw unreadable('it is cut short, or not JSON')
  }
  const found = schema.safeParse(json)
  if (!found.success) throw unreadable(mismatch(found.error))
  return found.data
}
