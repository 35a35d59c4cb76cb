import type { ErrorKind } from './measurement.ts'

/** Whether latency counts from when a request was due (no coordinated omission) or from when it was sent. */
export type LatencyFrom = 'scheduled' | 'sent'

/**
 * When in a run a request was sent: before the measurement window, in it, or after it, to hold the load until the last
 * measured request has its answer.
 */
export type RequestPhase = 'measured' | 'warm-up' | 'after'

/** Phases in the order of their codes, from 0: what says nothing of phases has measured everything. */
const phases: readonly RequestPhase[] = ['measured', 'warm-up', 'after']

/** A phase as the number that records keep. */
export function phaseCode(phase: RequestPhase): number {
  return phases.indexOf(phase)
}

/** The phase that a number stands for. */
export function phaseOf(code: number): RequestPhase {
  return phases[code] ?? 'measured'
}

/**
 * What a generator saw of each request, in columns: no object a request. Times in ms on one monotonic clock with
 * any origin; NaN where it didn't happen. Requests are in the order in which they were scheduled.
 */
export interface RequestRecords {
  readonly count: number
  /** When the request was due: by the schedule in an open loop, when its slot was free in a closed one. */
  readonly scheduledMs: Float64Array
  /** When its first byte was given to the socket. */
  readonly sentMs: Float64Array
  /** Arrival of the first chunk with a token; of the whole answer when not streamed. */
  readonly firstTokenMs: Float64Array
  /** Arrival of the second chunk with a token. */
  readonly secondTokenMs: Float64Array
  /** Arrival of the last chunk with a token. */
  readonly lastTokenMs: Float64Array
  /** Arrival of the first chunk that brought some of the answer, and not reasoning alone. */
  readonly answerMs: Float64Array
  /** End of the answer, or when it failed. */
  readonly doneMs: Float64Array
  readonly inputTokens: Float64Array
  readonly outputTokens: Float64Array
  /** Prompt tokens from the server's prefix cache, as its usage says; NaN when it doesn't. */
  readonly cachedTokens: Float64Array
  /** Output tokens that were reasoning; NaN where nobody says. */
  readonly reasoningTokens: Float64Array
  /** Chunks with a token. */
  readonly chunks: Float64Array
  /** Chunks that brought reasoning; 0 where it is hidden, or not told from the answer. */
  readonly reasoningChunks: Float64Array
  /** Tokens in the first chunk; 1 when not known. */
  readonly firstChunkTokens: Float64Array
  /** Which request of its conversation, from 0. */
  readonly turn: Float64Array
  /** Which of the mixed models it was for, from 0; 0 where there is one. */
  readonly model: Float64Array
  /** 0 when answered, else {@link errorCode}. */
  readonly error: Uint8Array
  /** See {@link phaseCode}; 0 for a measured request. */
  readonly phase: Uint8Array
}

/** Kinds in the order of their codes, from 1; new ones go to the end. */
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

/** A kind of failure as the number that records keep; from 1. */
export function errorCode(kind: ErrorKind): number {
  return errorKinds.indexOf(kind) + 1
}

/** The kind of failure that a number stands for; null for 0, an answered request. */
export function errorKindOf(code: number): ErrorKind | null {
  return errorKinds[code - 1] ?? null
}

/** Columns that are times of the records' clock. */
export const timeColumns = [
  'scheduledMs',
  'sentMs',
  'firstTokenMs',
  'secondTokenMs',
  'lastTokenMs',
  'answerMs',
  'doneMs',
] as const
/** All others: counts, places and codes. */
export const countColumns = [
  'inputTokens',
  'outputTokens',
  'cachedTokens',
  'reasoningTokens',
  'chunks',
  'reasoningChunks',
  'firstChunkTokens',
  'turn',
  'model',
  'error',
  'phase',
] as const
const columns = [...timeColumns, ...countColumns] as const

/**
 * Columns for `count` requests, times and what servers need not say NaN, counts 0, in memory that worker threads share
 * when `shared`.
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
    lastTokenMs: times(),
    answerMs: times(),
    doneMs: times(),
    inputTokens: numbers(),
    outputTokens: numbers(),
    cachedTokens: times(),
    reasoningTokens: times(),
    chunks: numbers(),
    reasoningChunks: numbers(),
    firstChunkTokens: numbers(),
    turn: numbers(),
    model: numbers(),
    error: bytes(),
    phase: bytes(),
  }
}

/**
 * The records of several workers or shards as one, in scheduled order. Their clocks must be the same one, each part in
 * order.
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

/** The same requests with all times counted from a moment. */
export function recordsFrom(records: RequestRecords, originMs: number): RequestRecords {
  const shifted = Object.fromEntries(timeColumns.map(column => [column, records[column].map(time => time - originMs)]))
  return { ...records, ...shifted }
}

/** The requests of some phases, in their order. */
export function requestsOfPhases(records: RequestRecords, wanted: readonly RequestPhase[]): RequestRecords {
  const codes = new Set(wanted.map(phaseCode))
  const rows = Array.from(records.phase.keys().filter(row => codes.has(records.phase[row] ?? 0)))
  return rows.length === records.count ? records : pickRequests(records, rows)
}

/** Some requests, by their rows, in the order of these. */
export function pickRequests(records: RequestRecords, rows: readonly number[]): RequestRecords {
  const picked = createRecords(rows.length)
  for (const column of columns) {
    const [from, to] = [records[column], picked[column]]
    for (const [at, row] of rows.entries()) to[at] = from[row] ?? Number.NaN
  }
  return picked
}

/** Infinity behind the last row; a row that was never due goes last among its part's. */
function dueAt(cursor: { readonly part: RequestRecords; readonly row: number } | undefined): number {
  if (cursor === undefined || cursor.row >= cursor.part.count) return Number.POSITIVE_INFINITY
  const due = cursor.part.scheduledMs[cursor.row] ?? Number.NaN
  return Number.isNaN(due) ? Number.MAX_VALUE : due
}
