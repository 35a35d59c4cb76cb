import type { LatencyFrom } from '../definitions.ts'
import { latenciesOf } from '../definitions.ts'
import type { RequestRecords } from '../records.ts'
import { batchEdges } from './batches.ts'

/**
 * What the first measured requests of a load showed. Per-request series are in send order, of answered requests alone;
 * those of conversations one conversation after another, in the order in which these began.
 */
export interface LoadSample {
  /** Measured requests, failed ones included. */
  readonly requests: number
  readonly ttftMs: Float64Array
  /** Of requests that have one. */
  readonly ttfoMs: Float64Array
  /** Of requests that have one. */
  readonly itlMs: Float64Array
  readonly requestLatencyMs: Float64Array
  /** Where the conversations of each series begin, and its end; absent where each request stands by itself. */
  readonly units?: { readonly [series in 'ttftMs' | 'ttfoMs' | 'itlMs' | 'requestLatencyMs']: Uint32Array }
  /** Output tokens, and the time for which a slot was held by them: of each request, or of each conversation. */
  readonly outputTokens: Float64Array
  readonly heldMs: Float64Array
  /** Tokens after the first chunk and the time that they took, of requests or conversations that have any. */
  readonly decodeTokens: Float64Array
  readonly decodeMs: Float64Array
  /** Output tokens that arrived in each batch of the window, of requests of any phase, and how long the batch was. */
  readonly deliveredTokens: Float64Array
  readonly batchMs: Float64Array
  /** Requests (conversations) that began in each batch. */
  readonly batchStarts: Float64Array
}

/** Which requests a sample is of, and how it sees them. */
export interface SampleOptions {
  /** Rows of the warm-up, which come first. */
  readonly before: number
  /** Rows after them that are measured. */
  readonly count: number
  /** See `Asked`. */
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
  // Columns go on behind the rows that count.
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
      column(decoding, row => at(first.outputTokens, row) - Math.max(1, first.firstChunkTokens[row] ?? 1)),
      ofDecoding,
    ),
    decodeMs: sumsOf(
      column(decoding, row => at(first.lastTokenMs, row) - at(first.firstTokenMs, row)),
      ofDecoding,
    ),
    deliveredTokens: deliveredBetween(first, edgesMs),
    batchMs: Float64Array.from({ length: edges.length - 1 }, (_, i) => (edgesMs[i + 1] ?? 0) - (edgesMs[i] ?? 0)),
    batchStarts: Float64Array.from({ length: edges.length - 1 }, (_, i) => (edges[i + 1] ?? 0) - (edges[i] ?? 0)),
  }
}

/** Where each conversation begins among some rows, as places in their list, and its end. */
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
 * Output tokens of answered requests that arrived between neighbouring moments: the first chunk's at once, the rest
 * evenly.
 */
function deliveredBetween(records: RequestRecords, edges: readonly number[]): Float64Array {
  const delivered = new Float64Array(Math.max(0, edges.length - 1))
  const at = (column: Float64Array, row: number) => column[row] ?? Number.NaN
  for (let row = 0; row < records.count; row++) {
    if (records.error[row] !== 0) continue
    const [firstMs, lastMs] = [at(records.firstTokenMs, row), at(records.lastTokenMs, row)]
    const tokens = at(records.outputTokens, row)
    const atOnce = lastMs > firstMs ? Math.min(tokens, Math.max(1, at(records.firstChunkTokens, row))) : tokens
    for (let batch = 0; batch < delivered.length; batch++) {
      const [from, to] = [edges[batch] ?? 0, edges[batch + 1] ?? 0]
      if (firstMs > from && firstMs <= to) delivered[batch] = (delivered[batch] ?? 0) + atOnce
      const overlap = Math.min(to, lastMs) - Math.max(from, firstMs)
      if (overlap > 0) delivered[batch] = (delivered[batch] ?? 0) + ((tokens - atOnce) * overlap) / (lastMs - firstMs)
    }
  }
  return delivered
}

/** When a request was sent, or due where the schedule decides. */
function startedAt(records: RequestRecords, row: number, from: LatencyFrom): number {
  const sent = records.sentMs[row] ?? Number.NaN
  return from === 'scheduled' || Number.isNaN(sent) ? (records.scheduledMs[row] ?? Number.NaN) : sent
}

function rowsWhere(records: RequestRecords, from: number, wanted: (row: number) => boolean): readonly number[] {
  const rows: number[] = []
  for (let row = from; row < records.count; row++) if (wanted(row)) rows.push(row)
  return rows
}
