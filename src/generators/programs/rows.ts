import type { Arrivals } from '../../metrics/arrivals.ts'
import type { ErrorKind, RequestErrors } from '../../metrics/measurement.ts'
import { createRecords, errorCode, type RequestRecords } from '../../metrics/records.ts'

/** A program's record of one request. Times in ms on any one clock; NaN if not recorded. */
export interface Row {
  readonly scheduledMs: number
  readonly sentMs: number
  readonly firstTokenMs: number
  readonly secondTokenMs: number
  readonly lastTokenMs: number
  readonly doneMs: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** Prompt tokens from the server's prefix cache; absent if unknown. */
  readonly cachedTokens?: number
  /** Reasoning; absent if the program does not distinguish it from the answer. */
  readonly reasoning?: RowReasoning
  readonly chunks: number
  readonly firstChunkTokens: number
  /** Absent if the program does not record when each chunk arrived. */
  readonly arrivals?: Arrivals
  readonly failure: { readonly kind: ErrorKind; readonly message: string } | null
}

/** Reasoning of one answer. */
export interface RowReasoning {
  /** First token of the answer itself; NaN without one. */
  readonly answerMs: number
  /** Whether any reasoning was visible. */
  readonly isShown: boolean
  /** NaN if not counted. */
  readonly tokens: number
}

/** When the first row was due: 0 on the clock of {@link recordsOf}. */
export function originMs(rows: readonly Row[]): number {
  const first = rows.reduce((least, { scheduledMs }) => Math.min(least, scheduledMs), Number.POSITIVE_INFINITY)
  return Number.isFinite(first) ? first : 0
}

/**
 * Rows as columns in scheduled order, with times relative to the first one (epoch times would lose their microseconds).
 */
export function recordsOf(rows: readonly Row[]): RequestRecords {
  const sorted = [...rows].sort((a, b) => a.scheduledMs - b.scheduledMs)
  const origin = originMs(rows)
  const records = createRecords(sorted.length)
  for (const [index, row] of sorted.entries()) {
    records.scheduledMs[index] = row.scheduledMs - origin
    records.sentMs[index] = row.sentMs - origin
    records.firstTokenMs[index] = row.firstTokenMs - origin
    records.secondTokenMs[index] = row.secondTokenMs - origin
    records.lastTokenMs[index] = row.lastTokenMs - origin
    records.doneMs[index] = row.doneMs - origin
    records.inputTokens[index] = row.inputTokens
    records.outputTokens[index] = row.outputTokens
    if (row.cachedTokens !== undefined) records.cachedTokens[index] = row.cachedTokens
    if (row.reasoning !== undefined) {
      records.answerMs[index] = row.reasoning.answerMs - origin
      records.reasoningTokens[index] = row.reasoning.tokens
      records.reasoningChunks[index] = row.reasoning.isShown ? 1 : 0
    }
    records.chunks[index] = row.chunks
    records.firstChunkTokens[index] = row.firstChunkTokens
    if (row.arrivals !== undefined) {
      records.headChunks[index] = row.arrivals.headChunks
      records.laterArrivals[index] = row.arrivals.laterArrivals
      records.restMs[index] = row.firstTokenMs + row.arrivals.restAfterMs - origin
      records.restFrom[index] = row.arrivals.restFrom
      records.lastGapMs[index] = row.arrivals.lastGapMs
    }
    records.error[index] = row.failure === null ? 0 : errorCode(row.failure.kind)
  }
  return records
}

const longestExample = 500

/** Failures by kind, most frequent first, with the first message of each. */
export function errorsOf(rows: readonly Row[]): RequestErrors[] {
  const kinds = new Map<ErrorKind, RequestErrors>()
  for (const { failure } of rows) {
    if (failure === null) continue
    const known = kinds.get(failure.kind)
    const example = known?.example ?? failure.message.slice(0, longestExample)
    kinds.set(failure.kind, { kind: failure.kind, count: (known?.count ?? 0) + 1, example })
  }
  return [...kinds.values()].sort((a, b) => b.count - a.count)
}
