import { headTokens } from '../arrivals.ts'
import type { LatencyFrom } from '../definitions.ts'
import { latenciesOf } from '../definitions.ts'
import { decodeTimesOf, type RequestRecords } from '../records.ts'
import { batchEdges } from './batches.ts'

/**
 * The first measured requests of a load. Series per request are in send order and only have answered requests. Those of
 * conversations are in the order in which the conversations began, one after another.
 */
export interface LoadSample {
  /** Measured requests, including failed ones. */
  readonly requests: number
  readonly ttftMs: Float64Array
  /** Only of requests that have one. */
  readonly ttfoMs: Float64Array
  /** Only of requests that have one. */
  readonly itlMs: Float64Array
  readonly requestLatencyMs: Float64Array
  /** Start of each conversation in each series, and the end of the last; absent if requests are single. */
  readonly units?: { readonly [series in 'ttftMs' | 'ttfoMs' | 'itlMs' | 'requestLatencyMs']: Uint32Array }
  /** Output tokens, and the time for which they held a slot, per request or per conversation. */
  readonly outputTokens: Float64Array
  readonly heldMs: Float64Array
  /** Tokens after the first chunk and the time they took (`pacedPart`), of requests or conversations that have any. */
  readonly decodeTokens: Float64Array
  readonly decodeMs: Float64Array
  /**
   * Output tokens that arrived in each batch of the window, from requests of any phase, and the length of the batch.
   */
  readonly deliveredTokens: Float64Array
  readonly batchMs: Float64Array
  /** Requests (conversations) that began in each batch. */
  readonly batchStarts: Float64Array
}

/** Requests of a sample, and how to read them. */
export interface SampleOptions {
  /** Rows of the warm-up, which come first. */
  readonly before: number
  /** Measured rows after them. */
  readonly count: number
  /** See `IntervalOptions`. */
  readonly round: number
  readonly from: LatencyFrom
}

/**
 * The sample of the first `count` measured requests.
 *
 * @param records `before` requests of the warm-up, then measured ones in send order, conversations (by their column)
 *   whole and in the order in which they began. The first `before + count` must have ended
 */
export function sampleOf(records: RequestRecords, { before, count, round, from }: SampleOptions): LoadSample {
  // Columns continue beyond the rows that count.
  const first: RequestRecords = { ...records, count: before + count }
  const latencies = latenciesOf(first, from)
  const answered = rowsWhere(first, before, row => first.error[row] === 0)
  const decoding = answered.filter(row => (latencies.itlMs[row] ?? 0) > 0)
  const rowsOf = (values: Float64Array) => answered.filter(row => !Number.isNaN(values[row] ?? Number.NaN))
  const column = (rows: readonly number[], of: (row: number) => number) => Float64Array.from(rows, of)
  const rows = {
    ttftMs: rowsOf(latencies.ttftMs),
    ttfoMs: rowsOf(latencies.ttfoMs),
    itlMs: rowsOf(latencies.itlMs),
    requestLatencyMs: rowsOf(latencies.requestLatencyMs),
  }
  const timed = rows.requestLatencyMs
  const starts = unitsOf(
    first,
    Array.from({ length: count }, (_, row) => before + row),
  )
  const hasSessions = starts.length - 1 < count
  const unitsIn = (rows: readonly number[]) => (hasSessions ? unitsOf(first, rows) : null)
  const at = (times: Float64Array, row: number) => times[row] ?? Number.NaN
  const edges = batchEdges(starts.length - 1, round)
  const edgesMs = edges.map(edge =>
    startedAt(first, before + (starts[Math.max(0, Math.min(edge, starts.length - 2))] ?? 0), from),
  )
  const [ofTimed, ofDecoding] = [unitsIn(timed), unitsIn(decoding)]
  return {
    requests: count,
    ttftMs: column(rows.ttftMs, row => at(latencies.ttftMs, row)),
    ttfoMs: column(rows.ttfoMs, row => at(latencies.ttfoMs, row)),
    itlMs: column(rows.itlMs, row => at(latencies.itlMs, row)),
    requestLatencyMs: column(rows.requestLatencyMs, row => at(latencies.requestLatencyMs, row)),
    ...(hasSessions
      ? {
          units: {
            ttftMs: unitsOf(first, rows.ttftMs),
            ttfoMs: unitsOf(first, rows.ttfoMs),
            itlMs: unitsOf(first, rows.itlMs),
            requestLatencyMs: unitsOf(first, rows.requestLatencyMs),
          },
        }
      : {}),
    outputTokens: sumsOf(
      column(timed, row => at(first.outputTokens, row)),
      ofTimed,
    ),
    heldMs:
      ofTimed === null
        ? column(timed, row => at(latencies.requestLatencyMs, row))
        : Float64Array.from({ length: ofTimed.length - 1 }, (_, unit) => {
            const [head = 0, last = 0] = [timed[ofTimed[unit] ?? 0], timed[(ofTimed[unit + 1] ?? 0) - 1]]
            return at(first.doneMs, last) - startedAt(first, head, from)
          }),
    decodeTokens: sumsOf(
      column(decoding, row => at(latencies.decodeTokens, row)),
      ofDecoding,
    ),
    decodeMs: sumsOf(
      column(decoding, row => at(latencies.decodeMs, row)),
      ofDecoding,
    ),
    deliveredTokens: deliveredBetween(first, edgesMs),
    batchMs: Float64Array.from({ length: edges.length - 1 }, (_, i) => (edgesMs[i + 1] ?? 0) - (edgesMs[i] ?? 0)),
    batchStarts: Float64Array.from({ length: edges.length - 1 }, (_, i) => (edges[i + 1] ?? 0) - (edges[i] ?? 0)),
  }
}

/** Start of each conversation among some rows, as positions in their list, and the end of the last. */
function unitsOf({ session }: RequestRecords, rows: readonly number[]): Uint32Array {
  const begins: number[] = []
  for (const [place, row] of rows.entries()) {
    const before = rows[place - 1]
    if (before === undefined || session[row] !== session[before]) begins.push(place)
  }
  return Uint32Array.from([...begins, rows.length])
}

/** Values, or their sums by conversation. */
function sumsOf(values: Float64Array, units: Uint32Array | null): Float64Array {
  if (units === null) return values
  return Float64Array.from({ length: units.length - 1 }, (_, unit) =>
    values.subarray(units[unit], units[unit + 1]).reduce((sum, value) => sum + value, 0),
  )
}

/**
 * Output tokens of answered requests that arrived between consecutive moments. Those of the head arrive at once, the
 * others evenly.
 */
function deliveredBetween(records: RequestRecords, edges: readonly number[]): Float64Array {
  const delivered = new Float64Array(Math.max(0, edges.length - 1))
  const at = (column: Float64Array, row: number) => column[row] ?? Number.NaN
  for (let row = 0; row < records.count; row++) {
    if (records.error[row] !== 0) continue
    const [firstMs, lastMs] = [at(records.firstTokenMs, row), at(records.lastTokenMs, row)]
    const tokens = at(records.outputTokens, row)
    const atOnce = lastMs > firstMs ? Math.min(tokens, headTokens(decodeTimesOf(records, row))) : tokens
    for (let batch = 0; batch < delivered.length; batch++) {
      const [from, to] = [edges[batch] ?? 0, edges[batch + 1] ?? 0]
      if (firstMs > from && firstMs <= to) delivered[batch] = (delivered[batch] ?? 0) + atOnce
      const overlap = Math.min(to, lastMs) - Math.max(from, firstMs)
      if (overlap > 0) delivered[batch] = (delivered[batch] ?? 0) + ((tokens - atOnce) * overlap) / (lastMs - firstMs)
    }
  }
  return delivered
}

/** When a request was sent, or its due time in a scheduled load. */
function startedAt(records: RequestRecords, row: number, from: LatencyFrom): number {
  const sent = records.sentMs[row] ?? Number.NaN
  return from === 'scheduled' || Number.isNaN(sent) ? (records.scheduledMs[row] ?? Number.NaN) : sent
}

function rowsWhere(records: RequestRecords, from: number, wanted: (row: number) => boolean): readonly number[] {
  const rows: number[] = []
  for (let row = from; row < records.count; row++) if (wanted(row)) rows.push(row)
  return rows
}
