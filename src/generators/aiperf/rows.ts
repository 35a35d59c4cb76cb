import { arrivalsOf } from '../../metrics/arrivals.ts'
import type { ErrorKind, Measurement, TokenCounts } from '../../metrics/measurement.ts'
import { tokenSourceOf } from '../../metrics/token-counts.ts'
import { firstChunkTokens, isBelieved, usageStateOf } from '../built-in/usage-state.ts'
import type { Row, RowReasoning } from '../programs/rows.ts'
import type { RawRequest } from './raw-requests.ts'

/** AIPerf's records as rows with a common clock, and the source of their token counts. */
export interface CountedRows {
  readonly rows: readonly Row[]
  /** Origin of the clock, epoch ns. */
  readonly originNs: number
  readonly tokenSource: Measurement['tokenSource']
  readonly tokenCounts: TokenCounts
}

/**
 * Converts AIPerf's records to rows. For each answer, tokens are the server's count if it is plausible, else the count
 * of AIPerf's tokenizer.
 */
export function rowsOf(requests: readonly RawRequest[]): CountedRows {
  const originNs = requests.reduce((least, request) => Math.min(least, scheduledNs(request)), Number.POSITIVE_INFINITY)
  const counts = { usage: 0, tokenizer: 0, chunks: 0, missing: 0, early: 0, impossible: 0, noPromptTokens: 0 }
  const rows = requests.map(request => {
    const row = rowOf(request, originNs)
    if (row.failure !== null) return row
    const { state, source } = outputTokensOf(request)
    counts[source] += 1
    if (state !== 'said') counts[state] += 1
    const prompt = request.metrics.usage_prompt_tokens?.value
    if (prompt !== undefined && !(prompt > 0)) counts.noPromptTokens += 1
    return row
  })
  const answered = counts.usage + counts.tokenizer + counts.chunks > 0
  return {
    rows,
    originNs: Number.isFinite(originNs) ? originNs : 0,
    tokenSource: answered ? tokenSourceOf(counts) : 'tokenizer',
    tokenCounts: counts,
  }
}

/** Chunks with a token; 0 without an answer. */
function chunksOf({ metrics }: RawRequest): number {
  return metrics.request_latency === undefined ? 0 : (metrics.inter_chunk_latency?.value.length ?? 0) + 1
}

/** Tokens of an answer, the source of the count, and why it is not the server's. */
function outputTokensOf(request: RawRequest) {
  const stated = request.metrics.usage_completion_tokens?.value ?? -1
  const counted = request.metrics.output_sequence_length?.value
  const chunks = chunksOf(request)
  const usage = usageStateOf(stated, chunks, chunks, 0)
  const isSaid = usage === 'said' || (usage === 'doubtful' && (counted === undefined || isBelieved(stated, counted)))
  if (isSaid) return { tokens: stated, source: 'usage', state: 'said' } as const
  const state = usage === 'doubtful' ? 'impossible' : usage
  if (counted === undefined || counted === 0) return { tokens: chunks, source: 'chunks', state } as const
  return { tokens: counted, source: 'tokenizer', state } as const
}

/** Gaps between the chunks of all answers. */
export function chunkGaps(requests: readonly RawRequest[]): Float64Array {
  return Float64Array.from(requests.flatMap(({ metrics }) => metrics.inter_chunk_latency?.value ?? []))
}

function rowOf(request: RawRequest, originNs: number): Row {
  const { metadata, metrics } = request
  const sentMs = (metadata.request_start_ns - originNs) / 1e6
  const first = metrics.time_to_first_token?.value ?? Number.NaN
  const prompt = metrics.usage_prompt_tokens?.value ?? 0
  const { tokens } = outputTokensOf(request)
  const chunks = chunksOf(request)
  const gapsMs = metrics.inter_chunk_latency?.value
  return {
    scheduledMs: (scheduledNs(request) - originNs) / 1e6,
    sentMs,
    firstTokenMs: sentMs + first,
    secondTokenMs: sentMs + first + (metrics.time_to_second_token?.value ?? Number.NaN),
    lastTokenMs: sentMs + (metrics.request_latency?.value ?? Number.NaN),
    doneMs: (metadata.request_end_ns - originNs) / 1e6,
    inputTokens: prompt > 0 ? prompt : (metrics.input_sequence_length?.value ?? Number.NaN),
    outputTokens: tokens,
    reasoning: reasoningOf(request, sentMs),
    chunks,
    // AIPerf keeps no text, so tokens are divided evenly among the chunks.
    firstChunkTokens: firstChunkTokens(tokens, chunks, 0, null),
    ...(gapsMs === undefined ? {} : { arrivals: arrivalsOf(gapsMs) }),
    failure: failureOf(request),
  }
}

/**
 * Reasoning according to AIPerf. It counts only visible reasoning. Hidden reasoning is in the usage only, and the time
 * to first output token then equals the TTFT.
 */
function reasoningOf({ metrics }: RawRequest, sentMs: number): RowReasoning {
  const first = metrics.time_to_first_token?.value ?? Number.NaN
  const answer = metrics.time_to_first_output_token?.value ?? Number.NaN
  const counted = metrics.reasoning_token_count?.value ?? 0
  const stated = metrics.usage_reasoning_tokens?.value
  const isShown = counted > 0 || answer > first
  return { answerMs: sentMs + answer, isShown, tokens: stated ?? (counted > 0 ? counted : Number.NaN) }
}

function scheduledNs({ metadata }: RawRequest): number {
  return metadata.credit_issued_ns ?? metadata.request_start_ns
}

/** Errors of AIPerf's HTTP client (aiohttp) by class name. */
const kinds: readonly { readonly pattern: RegExp; readonly kind: ErrorKind }[] = [
  { pattern: /Timeout/i, kind: 'timeout' },
  { pattern: /SSL|Certificate/i, kind: 'tls' },
  { pattern: /Connector|ConnectionRefused|DNS/i, kind: 'connect' },
  { pattern: /Disconnected|ConnectionReset|Payload|ClientOSError|Incomplete/i, kind: 'broken-stream' },
  { pattern: /Cancel/i, kind: 'cancelled' },
  { pattern: /SSE/i, kind: 'server-error' },
]

function failureOf({ error, metadata, metrics }: RawRequest): Row['failure'] {
  if (error !== undefined && error !== null) {
    const type = error.type ?? ''
    const text = [error.code, error.type, error.message].filter(part => part !== null && part !== undefined).join(' ')
    const known = kinds.find(({ pattern }) => pattern.test(type))?.kind
    const status = typeof error.code === 'number' && error.code >= 400 && error.code < 600
    return { kind: known ?? (status ? 'http-status' : 'bad-response'), message: status ? `HTTP ${text}` : text }
  }
  if (metadata.was_cancelled === true) return { kind: 'cancelled', message: 'AIPerf cancelled the request' }
  if (metrics.request_latency === undefined) return { kind: 'short-output', message: 'the answer has no token' }
  return null
}
