import { arrivalsOf } from '../../metrics/arrivals.ts'
import type { ErrorKind } from '../../metrics/measurement.ts'
import type { Row } from '../programs/rows.ts'
import type { BenchResult } from './result-file.ts'

/**
 * Converts the records of requests to rows, with times in ms since the start of the run.
 * @param inputTokens of each request, including the chat template, because vllm-rs only counts the text
 * @param dueMs due time of each request of a trace, which vllm-rs does not record
 */
export function rowsOf(result: BenchResult, inputTokens: ArrayLike<number>, dueMs?: ArrayLike<number>): readonly Row[] {
  return result.start_times.map((_, index) => rowOf(result, index, inputTokens[index] ?? Number.NaN, dueMs?.[index]))
}

/** Gaps between the chunks of all answers, in ms. */
export function chunkGaps(result: BenchResult): Float64Array {
  return Float64Array.from(
    result.itls.flatMap((_, index) => (isAnswered(result, index) ? answerOf(result, index).gapsMs : [])),
  )
}

const isAnswered = (result: BenchResult, index: number): boolean =>
  result.errors[index] === '' && (result.output_lens[index] ?? 0) > 0

function rowOf(result: BenchResult, index: number, inputTokens: number, dueMs?: number): Row {
  const sentMs = (result.start_times[index] ?? Number.NaN) * 1000
  const latencyMs = (result.latencies[index] ?? 0) * 1000
  const common = { scheduledMs: dueMs ?? sentMs, sentMs, inputTokens }
  if (!isAnswered(result, index)) {
    return {
      ...common,
      ...{ firstTokenMs: Number.NaN, secondTokenMs: Number.NaN, lastTokenMs: Number.NaN },
      // It records no time for a failure.
      doneMs: latencyMs > 0 ? sentMs + latencyMs : Number.NaN,
      ...{ outputTokens: 0, chunks: 0, firstChunkTokens: 0 },
      failure: failureOf(result.errors[index] ?? ''),
    }
  }
  const { ttftMs, gapsMs } = answerOf(result, index)
  const firstTokenMs = sentMs + ttftMs
  return {
    ...common,
    firstTokenMs,
    secondTokenMs: firstTokenMs + (gapsMs[0] ?? Number.NaN),
    lastTokenMs: gapsMs.reduce((at, gap) => at + gap, firstTokenMs),
    doneMs: sentMs + latencyMs,
    outputTokens: result.output_lens[index] ?? 0,
    chunks: gapsMs.length + 1,
    // It does not record the text of chunks.
    firstChunkTokens: 1,
    arrivals: arrivalsOf(gapsMs),
    failure: null,
  }
}

/**
 * First token and gaps of an answer. vllm-rs counts each chunk with a choice, including those with only the role or the
 * finish reason. An answer cannot have more chunks with text than tokens, so a surplus chunk is the one at the start or
 * the end that arrived together with its neighbor.
 */
function answerOf(result: BenchResult, index: number): { readonly ttftMs: number; readonly gapsMs: readonly number[] } {
  const gapsMs = (result.itls[index] ?? []).map(gap => gap * 1000)
  const tokens = result.output_lens[index] ?? 0
  let ttftMs = (result.ttfts[index] ?? Number.NaN) * 1000
  let surplus = gapsMs.length + 1 - tokens
  while (surplus > 0 && gapsMs.length > 0) {
    const [first = 0, last = 0] = [gapsMs[0], gapsMs.at(-1)]
    if (first < last) ttftMs += gapsMs.shift() ?? 0
    else gapsMs.pop()
    surplus -= 1
  }
  return { ttftMs, gapsMs }
}

/** Kinds of errors of its HTTP client (reqwest) and its stream reader, by their messages. */
const kinds: readonly { readonly pattern: RegExp; readonly kind: ErrorKind }[] = [
  { pattern: /^HTTP \d/, kind: 'http-status' },
  { pattern: /timed? ?out/i, kind: 'timeout' },
  { pattern: /certificate|tls|ssl/i, kind: 'tls' },
  { pattern: /error sending request|connect/i, kind: 'connect' },
  { pattern: /Never received a valid chunk/i, kind: 'short-output' },
  { pattern: /decod|body|stream|closed|reset/i, kind: 'broken-stream' },
]

function failureOf(message: string): NonNullable<Row['failure']> {
  if (message === '') return { kind: 'short-output', message: 'the answer has no token' }
  const text = message.replace(/\s+/g, ' ').trim()
  return { kind: kinds.find(({ pattern }) => pattern.test(text))?.kind ?? 'bad-response', message: text }
}
