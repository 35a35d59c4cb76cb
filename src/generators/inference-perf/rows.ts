import type { ErrorKind, Measurement, TokenCounts } from '../../metrics/measurement.ts'
import { tokenSourceOf } from '../../metrics/token-counts.ts'
import { firstChunkTokens, isBelieved, usageStateOf } from '../built-in/usage-state.ts'
import type { Row } from '../programs/rows.ts'
import type { RecordedRequest } from './report-files.ts'

/** Rows in send order, with times in ms on the system's monotonic clock, and the source of their token counts. */
export interface CountedRows {
  readonly rows: readonly Row[]
  readonly tokenSource: Measurement['tokenSource']
  readonly tokenCounts: TokenCounts
  /** Gaps between the chunks of all answers. */
  readonly gapsMs: Float64Array
}

/** When the requests of an open loop were due. */
export interface DueTimes {
  /** After the first one. */
  readonly ms: Float64Array
  /** Mean delay of the sends. inference-perf does not record the due time of a request. */
  readonly meanDelayMs: number
}

/**
 * Converts inference-perf's records to rows. The mean delay tells when the first request was due, because the mean of
 * the due times is that of the sends less the delay. The requests are due in the order of their sends.
 */
export function rowsOf(records: readonly RecordedRequest[], due?: DueTimes): CountedRows {
  const sent = records.toSorted((a, b) => a.start_time - b.start_time)
  const counts = { usage: 0, tokenizer: 0, chunks: 0, missing: 0, early: 0, impossible: 0, noPromptTokens: 0 }
  const firstDueMs = due === undefined ? Number.NaN : firstDue(sent, due)
  const rows = sent.map((request, index) => {
    const dueMs = firstDueMs + (due?.ms[index] ?? Number.NaN)
    const row = rowOf(request, Number.isNaN(dueMs) ? request.start_time * 1000 : dueMs)
    if (row.failure !== null) return row
    const { source, state } = outputTokensOf(request)
    counts[source] += 1
    if (state !== 'said') counts[state] += 1
    if (request.info?.response_metrics?.server_usage?.prompt_tokens === 0) counts.noPromptTokens += 1
    return row
  })
  const answered = counts.usage + counts.tokenizer + counts.chunks > 0
  return {
    rows,
    tokenSource: answered ? tokenSourceOf(counts) : 'tokenizer',
    tokenCounts: counts,
    gapsMs: Float64Array.from(
      sent.flatMap(request => {
        const times = chunkTimes(request)
        return times.slice(1).map((at, index) => (at - (times[index] ?? Number.NaN)) * 1000)
      }),
    ),
  }
}

function firstDue(sent: readonly RecordedRequest[], { ms, meanDelayMs }: DueTimes): number {
  const count = Math.min(sent.length, ms.length)
  const mean = (of: (index: number) => number) =>
    Array.from({ length: count }, (_, index) => of(index)).reduce((sum, each) => sum + each, 0) / count
  return mean(index => (sent[index]?.start_time ?? Number.NaN) * 1000 - (ms[index] ?? Number.NaN)) - meanDelayMs
}

const chunkTimes = ({ error, info }: RecordedRequest): readonly number[] =>
  error ? [] : (info?.response_metrics?.chunk_times ?? [])

function rowOf(request: RecordedRequest, scheduledMs: number): Row {
  const { info, error } = request
  const times = chunkTimes(request)
  const ms = (seconds: number | undefined) => (seconds ?? Number.NaN) * 1000
  const cached = info?.response_metrics?.server_usage?.prompt_tokens_details?.cached_tokens
  const { tokens } = outputTokensOf(request)
  return {
    scheduledMs,
    sentMs: ms(request.start_time),
    firstTokenMs: ms(times[0]),
    secondTokenMs: ms(times[1]),
    lastTokenMs: ms(times.at(-1)),
    doneMs: ms(request.end_time),
    inputTokens: (info?.input_tokens ?? 0) > 0 ? (info?.input_tokens ?? Number.NaN) : Number.NaN,
    outputTokens: error ? 0 : tokens,
    ...(typeof cached === 'number' ? { cachedTokens: cached } : {}),
    chunks: times.length,
    // Its records have no text, so tokens are divided evenly among the chunks.
    firstChunkTokens: firstChunkTokens(tokens, times.length, 0, null),
    failure: failureOf(request),
  }
}

/** Tokens of an answer, the source of the count, and why it is not the server's. */
function outputTokensOf(request: RecordedRequest) {
  const metrics = request.info?.response_metrics
  const chunks = chunkTimes(request).length
  const stated = metrics?.server_usage?.completion_tokens ?? -1
  const counted = metrics?.output_tokens ?? 0
  const usage = usageStateOf(stated, chunks, chunks, 0)
  const isSaid = usage === 'said' || (usage === 'doubtful' && (counted === 0 || isBelieved(stated, counted)))
  if (isSaid) return { tokens: stated, source: 'usage', state: 'said' } as const
  const state = usage === 'doubtful' ? 'impossible' : usage
  if (counted === 0) return { tokens: chunks, source: 'chunks', state } as const
  return { tokens: counted, source: 'tokenizer', state } as const
}

/** Errors of its HTTP client (aiohttp) by class name. */
const kinds: readonly { readonly pattern: RegExp; readonly kind: ErrorKind }[] = [
  { pattern: /^HTTP Error \d/, kind: 'http-status' },
  { pattern: /Timeout/i, kind: 'timeout' },
  { pattern: /SSL|Certificate|Fingerprint/i, kind: 'tls' },
  { pattern: /Connector|ConnectionRefused|DNS/i, kind: 'connect' },
  { pattern: /Disconnected|ConnectionReset|Payload|ClientOSError|Incomplete/i, kind: 'broken-stream' },
  { pattern: /Cancel/i, kind: 'cancelled' },
]

function failureOf(request: RecordedRequest): Row['failure'] {
  const { error } = request
  if (!error) {
    return chunkTimes(request).length > 0 ? null : { kind: 'short-output', message: 'the answer has no token' }
  }
  const { error_type: type, error_msg: said } = error
  const message = `${type.replace(/^HTTP Error /, 'HTTP ')}: ${said}`.replace(/\s+/g, ' ').trim()
  return { kind: kinds.find(({ pattern }) => pattern.test(type))?.kind ?? 'bad-response', message }
}
