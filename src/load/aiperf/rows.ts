import type { ErrorKind, Measurement } from '../../metrics/measurement.ts'
import type { Row } from '../programs/rows.ts'
import type { RawRequest } from './raw-requests.ts'

/** AIPerf's records as rows on one clock, and where their token counts come from. */
export interface CountedRows {
  readonly rows: readonly Row[]
  /** Epoch ns of the clock's zero. */
  readonly originNs: number
  readonly tokenSource: Measurement['tokenSource']
}

/** Rows of AIPerf's records. Tokens are the server's count where every answer has one, else AIPerf's tokenizer's. */
export function rowsOf(requests: readonly RawRequest[]): CountedRows {
  const answered = requests.filter(request => failureOf(request) === null)
  const usage = answered.length > 0 && answered.every(({ metrics }) => metrics.usage_completion_tokens !== undefined)
  const originNs = requests.reduce((least, request) => Math.min(least, scheduledNs(request)), Number.POSITIVE_INFINITY)
  return {
    rows: requests.map(request => rowOf(request, originNs, usage)),
    originNs: Number.isFinite(originNs) ? originNs : 0,
    tokenSource: usage ? 'usage' : 'tokenizer',
  }
}

/** Gaps between the chunks of each answer, all together. */
export function chunkGaps(requests: readonly RawRequest[]): Float64Array {
  return Float64Array.from(requests.flatMap(({ metrics }) => metrics.inter_chunk_latency?.value ?? []))
}

function rowOf(request: RawRequest, originNs: number, usage: boolean): Row {
  const { metadata, metrics } = request
  const sentMs = (metadata.request_start_ns - originNs) / 1e6
  const first = metrics.time_to_first_token?.value ?? Number.NaN
  const input = usage ? metrics.usage_prompt_tokens : metrics.input_sequence_length
  const output = usage ? metrics.usage_completion_tokens : metrics.output_sequence_length
  const gaps = metrics.inter_chunk_latency?.value.length ?? 0
  return {
    scheduledMs: (scheduledNs(request) - originNs) / 1e6,
    sentMs,
    firstTokenMs: sentMs + first,
    secondTokenMs: sentMs + first + (metrics.time_to_second_token?.value ?? Number.NaN),
    lastTokenMs: sentMs + (metrics.request_latency?.value ?? Number.NaN),
    doneMs: (metadata.request_end_ns - originNs) / 1e6,
    inputTokens: input?.value ?? metrics.input_sequence_length?.value ?? 0,
    outputTokens: output?.value ?? 0,
    chunks: metrics.request_latency === undefined ? 0 : gaps + 1,
    firstChunkTokens: 1,
    failure: failureOf(request),
  }
}

function scheduledNs({ metadata }: RawRequest): number {
  return metadata.credit_issued_ns ?? metadata.request_start_ns
}

/** Errors of AIPerf's HTTP client (aiohttp) by the names of their classes. */
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
