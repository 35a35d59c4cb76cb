import type { LatencyFrom } from '../definitions.ts'
import { latenciesOf } from '../definitions.ts'
import type { RequestRecords } from '../records.ts'
import { batchEdges } from './batches.ts'

/**
 * What the first measured requests of a load showed. Per-request series are in send order, of answered requests alone.
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
  readonly outputTokens: Float64Array
  /** Tokens after the first chunk and the time that they took, of requests that have any. */
  readonly decodeTokens: Float64Array
  readonly decodeMs: Float64Array
  /** Output tokens that arrived in each batch of the window, of requests of any phase, and how long the batch was. */
  readonly deliveredTokens: Float64Array
  readonly batchMs: Float64Array
}

/**
 * The sample of the first `count` measured requests.
 *
 * @param records in send order: `before` requests of the warm-up, then measured ones. The first `before + count` must
 * have ended
 * @param round see `Asked`
 */
export function sampleOf(
  records: RequestRecords,
  {
    before,
    count,
    round,
    from,
  }: { readonly before: number; readonly count: number; readonly round: number; readonly from: LatencyFrom },
): LoadSample {
  // Columns go on behind the rows that count.
  const first: RequestRecords = { ...records, count: before + count }
  const latencies = latenciesOf(first, from)
  const answered = rowsWhere(first, before, row => first.error[row] === 0)
  const decoding = answered.filter(row => (latencies.itlMs[row] ?? Number.NaN) > 0)
  const column = (rows: readonly number[], of: (row: number) => number) => Float64Array.from(rows, of)
  const numbersOf = (values: Float64Array) =>
    column(
      answered.filter(row => !Number.isNaN(values[row] ?? Number.NaN)),
      row => values[row] ?? Number.NaN,
    )
  const decodeMs = column(decoding, row => (first.lastTokenMs[row] ?? 0) - (first.firstTokenMs[row] ?? 0))
  const edges = batchEdges(count, round).map(edge => sentAt(first, Math.min(before + edge, before + count - 1)))
  return {
    requests: count,
    ttftMs: numbersOf(latencies.ttftMs),
    ttfoMs: numbersOf(latencies.ttfoMs),
    itlMs: numbersOf(latencies.itlMs),
    requestLatencyMs: numbersOf(latencies.requestLatencyMs),
    outputTokens: column(
      answered.filter(row => !Number.isNaN(latencies.requestLatencyMs[row] ?? Number.NaN)),
      row => first.outputTokens[row] ?? 0,
    ),
    decodeTokens: column(
      decoding,
      row => (first.outputTokens[row] ?? 0) - Math.max(1, first.firstChunkTokens[row] ?? 1),
    ),
    decodeMs,
    deliveredTokens: deliveredBetween(first, edges),
    batchMs: Float64Array.from({ length: edges.length - 1 }, (_, i) => (edges[i + 1] ?? 0) - (edges[i] ?? 0)),
  }
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

function sentAt(records: RequestRecords, row: number): number {
  const sent = records.sentMs[row] ?? Number.NaN
  return Number.isNaN(sent) ? (records.scheduledMs[row] ?? Number.NaN) : sent
}

function rowsWhere(records: RequestRecords, from: number, wanted: (row: number) => boolean): readonly number[] {
  const rows: number[] = []
  for (let row = from; row < records.count; row++) if (wanted(row)) rows.push(row)
  return rows
}
