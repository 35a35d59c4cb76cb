import type { ErrorKind } from '../../metrics/measurement.ts'
import type { Row } from '../programs/rows.ts'
import type { GuideLlmReport, GuideLlmRequest } from './report-file.ts'

/**
 * Records of requests as rows in send order, with times in ms since the epoch.
 * @param knowsSchedule whether requests had scheduled times, as in an open loop
 */
export function rowsOf({ successful, errored }: GuideLlmReport, knowsSchedule: boolean): readonly Row[] {
  return [
    ...successful.map(request => rowOf(request, knowsSchedule, null)),
    ...errored.map(request => rowOf(request, knowsSchedule, failureOf(request))),
  ].sort((a, b) => a.sentMs - b.sentMs)
}

const ms = (epochS: number | null | undefined) => (epochS ?? Number.NaN) * 1000

function rowOf(request: GuideLlmRequest, knowsSchedule: boolean, failure: Row['failure']): Row {
  const { timings } = request.info
  const sentMs = ms(timings.request_start)
  const dueMs = ms(timings.targeted_start)
  return {
    scheduledMs: knowsSchedule && Number.isFinite(dueMs) ? dueMs : sentMs,
    sentMs,
    firstTokenMs: failure === null ? ms(timings.first_token_iteration) : Number.NaN,
    // It only records the times of the first and the last token.
    secondTokenMs: Number.NaN,
    lastTokenMs: failure === null ? ms(timings.last_token_iteration) : Number.NaN,
    doneMs: ms(timings.request_end),
    inputTokens: request.prompt_tokens ?? Number.NaN,
    outputTokens: failure === null ? (request.output_tokens ?? 0) : 0,
    ...(typeof request.cached_tokens === 'number' ? { cachedTokens: request.cached_tokens } : {}),
    chunks: failure === null ? (timings.token_iterations ?? 0) : 0,
    firstChunkTokens: 1,
    failure: failure ?? emptyAnswer(request),
  }
}

/** An answer without a token does not count. */
function emptyAnswer(request: GuideLlmRequest): Row['failure'] {
  return (request.output_tokens ?? 0) > 0 ? null : { kind: 'short-output', message: 'the answer has no token' }
}

/** Errors of its HTTP client (httpx) and its own, by their text. */
const kinds: readonly { readonly pattern: RegExp; readonly kind: ErrorKind }[] = [
  { pattern: /Client error '|Server error '|HTTPStatusError|status code/i, kind: 'http-status' },
  { pattern: /timed? ?out/i, kind: 'timeout' },
  { pattern: /certificate|tls|ssl/i, kind: 'tls' },
  { pattern: /connect/i, kind: 'connect' },
  { pattern: /incomplete|peer closed|stream|reset|disconnected/i, kind: 'broken-stream' },
]

function failureOf({ info }: GuideLlmRequest): NonNullable<Row['failure']> {
  const message = (info.error ?? 'GuideLLM does not say why').replace(/\s+/g, ' ').trim()
  return { kind: kinds.find(({ pattern }) => pattern.test(message))?.kind ?? 'bad-response', message }
}
