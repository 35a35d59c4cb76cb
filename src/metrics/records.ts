import type { DecodeTimes } from './arrivals.ts'
import type { ErrorKind } from './measurement.ts'

/** Whether latency counts from when a request was due (no coordinated omission) or from when it was sent. */
export type LatencyFrom = 'scheduled' | 'sent'

/**
 * When in a run a request was sent: before the measurement window, in it, or after it. Requests after it maintain the
 * load until the last measured answer arrives.
 */
export type RequestPhase = 'measured' | 'warm-up' | 'after'

/** Phases in the order of their codes, from 0. Records without phases are all measured. */
const phases: readonly RequestPhase[] = ['measured', 'warm-up', 'after']

/** Code of a phase in records. */
export function phaseCode(phase: RequestPhase): number {
  return phases.indexOf(phase)
}

/** Phase of a code. */
export function phaseOf(code: number): RequestPhase {
  return phases[code] ?? 'measured'
}

/**
 * Observations of each request, as columns instead of objects. Times are in ms on one monotonic clock with any origin;
 * NaN for an event that did not happen. Requests are in scheduled order.
 */
export interface RequestRecords {
  readonly count: number
  /** Due time of the request: according to the schedule in an open loop, when its slot was free in a closed one. */
  readonly scheduledMs: Float64Array
  /** When its first byte was passed to the socket. */
  readonly sentMs: Float64Array
  /** Arrival of the first chunk with a token, or of the whole answer if not streamed. */
  readonly firstTokenMs: Float64Array
  /** Arrival of the second chunk with a token. */
  readonly secondTokenMs: Float64Array
  /** First arrival after the head of the answer: see `Arrivals`. NaN if unknown. */
  readonly restMs: Float64Array
  /** Arrival of the last chunk with a token. */
  readonly lastTokenMs: Float64Array
  /** Arrival of the first chunk with a part of the answer rather than only reasoning. */
  readonly answerMs: Float64Array
  /** End of the answer, or time of the failure. */
  readonly doneMs: Float64Array
  readonly inputTokens: Float64Array
  readonly outputTokens: Float64Array
  /** Prompt tokens from the server's prefix cache according to usage; NaN if unknown. */
  readonly cachedTokens: Float64Array
  /** Output tokens that were reasoning; NaN if unknown. */
  readonly reasoningTokens: Float64Array
  /** Speculative decoding of the request: steps with a draft, drafted and accepted tokens; NaN if unknown. */
  readonly draftSteps: Float64Array
  readonly draftTokens: Float64Array
  readonly acceptedTokens: Float64Array
  /** Chunks with a token. */
  readonly chunks: Float64Array
  /** Chunks with reasoning; 0 if it is hidden or not distinguished from the answer. */
  readonly reasoningChunks: Float64Array
  /** Tokens in the first chunk; 1 if unknown. */
  readonly firstChunkTokens: Float64Array
  /** See `Arrivals`; 0 and NaN if unknown. */
  readonly headChunks: Float64Array
  readonly laterArrivals: Float64Array
  readonly restFrom: Float64Array
  readonly lastGapMs: Float64Array
  /** Index of the request in its conversation. */
  readonly turn: Float64Array
  /** Index of its model among the mixed ones; 0 with a single model. */
  readonly model: Float64Array
  /** Number of its conversation; NaN for a single request. */
  readonly session: Float64Array
  /** 0 if answered, otherwise {@link errorCode}. */
  readonly error: Uint8Array
  /** See {@link phaseCode}; 0 for a measured request. */
  readonly phase: Uint8Array
}

/** Kinds in the order of their codes, from 1. Add new ones at the end. */
const errorKinds: readonly ErrorKind[] = [
  'connect',
  'tls',
  'timeout',
  'http-status',
  'broken-stream',
  'server-error',
  'bad-response',
  'short-output',
  'cancelled',
  'no-socket',
]

/** Code of a kind of failure in records, from 1. */
export function errorCode(kind: ErrorKind): number {
  return errorKinds.indexOf(kind) + 1
}

/** Kind of failure of a code; null for 0, an answered request. */
export function errorKindOf(code: number): ErrorKind | null {
  return errorKinds[code - 1] ?? null
}

/** The inputs for the ITL of a request, from its row. */
export function decodeTimesOf(records: RequestRecords, row: number): DecodeTimes {
  const at = (column: Float64Array) => column[row] ?? Number.NaN
  return {
    firstTokenMs: at(records.firstTokenMs),
    lastTokenMs: at(records.lastTokenMs),
    outputTokens: at(records.outputTokens),
    chunks: at(records.chunks),
    firstChunkTokens: at(records.firstChunkTokens),
    headChunks: at(records.headChunks),
    restMs: at(records.restMs),
    restFrom: at(records.restFrom),
  }
}

/** Columns with times of the records' clock. */
export const timeColumns = [
  'scheduledMs',
  'sentMs',
  'firstTokenMs',
  'secondTokenMs',
  'restMs',
  'lastTokenMs',
  'answerMs',
  'doneMs',
] as const
/** All other columns: counts, indices and codes. */
export const countColumns = [
  'inputTokens',
  'outputTokens',
  'cachedTokens',
  'reasoningTokens',
  'draftSteps',
  'draftTokens',
  'acceptedTokens',
  'chunks',
  'reasoningChunks',
  'firstChunkTokens',
  'headChunks',
  'laterArrivals',
  'restFrom',
  'lastGapMs',
  'turn',
  'model',
  'session',
  'error',
  'phase',
] as const
const columns = [...timeColumns, ...countColumns] as const

/**
 * Creates columns for `count` requests. Times and optional server values are NaN, counts are 0. With `shared`, worker
 * threads share the memory.
 */
export function createRecords(count: number, shared = false): RequestRecords {
  const numbers = () => {
    const bytes = count * Float64Array.BYTES_PER_ELEMENT
    return new Float64Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes))
  }
  const times = () => numbers().fill(Number.NaN)
  const bytes = () => new Uint8Array(shared ? new SharedArrayBuffer(count) : new ArrayBuffer(count))
  return {
    count,
    scheduledMs: times(),
    sentMs: times(),
    firstTokenMs: times(),
    secondTokenMs: times(),
    restMs: times(),
    lastTokenMs: times(),
    answerMs: times(),
    doneMs: times(),
    inputTokens: numbers(),
    outputTokens: numbers(),
    cachedTokens: times(),
    reasoningTokens: times(),
    draftSteps: times(),
    draftTokens: times(),
    acceptedTokens: times(),
    chunks: numbers(),
    reasoningChunks: numbers(),
    firstChunkTokens: numbers(),
    headChunks: numbers(),
    laterArrivals: numbers(),
    restFrom: numbers(),
    lastGapMs: times(),
    turn: numbers(),
    model: numbers(),
    session: times(),
    error: bytes(),
    phase: bytes(),
  }
}

/**
 * Merges the records of several workers or shards in scheduled order. Their clocks must be the same, and each part must
 * be in order.
 */
export function mergeRecords(parts: readonly RequestRecords[]): RequestRecords {
  const merged = createRecords(parts.reduce((sum, part) => sum + part.count, 0))
  const cursors = parts.map(part => ({ part, row: 0 }))
  for (let at = 0; at < merged.count; at++) {
    let next = cursors[0]
    for (const cursor of cursors) if (dueAt(cursor) < dueAt(next)) next = cursor
    if (next === undefined) break
    for (const column of columns) merged[column][at] = next.part[column][next.row] ?? Number.NaN
    next.row += 1
  }
  return merged
}

/** The same requests with all times relative to an origin. */
export function recordsFrom(records: RequestRecords, originMs: number): RequestRecords {
  const shifted = Object.fromEntries(timeColumns.map(column => [column, records[column].map(time => time - originMs)]))
  return { ...records, ...shifted }
}

/** The requests of some phases, in order. */
export function requestsOfPhases(records: RequestRecords, wanted: readonly RequestPhase[]): RequestRecords {
  const codes = new Set(wanted.map(phaseCode))
  const rows = Array.from(records.phase.keys().filter(row => codes.has(records.phase[row] ?? 0)))
  return rows.length === records.count ? records : pickRequests(records, rows)
}

/** Selects requests by row, in the order of the rows. */
export function pickRequests(records: RequestRecords, rows: readonly number[]): RequestRecords {
  const picked = createRecords(rows.length)
  for (const column of columns) {
    const [from, to] = [records[column], picked[column]]
    for (const [at, row] of rows.entries()) to[at] = from[row] ?? Number.NaN
  }
  return picked
}

/** Infinity after the last row. Rows that were never due come last within their part. */
function dueAt(cursor: { readonly part: RequestRecords; readonly row: number } | undefined): number {
  if (cursor === undefined || cursor.row >= cursor.part.count) return Number.POSITIVE_INFINITY
  const due = cursor.part.scheduledMs[cursor.row] ?? Number.NaN
  return Number.isNaN(due) ? Number.MAX_VALUE : due
}
