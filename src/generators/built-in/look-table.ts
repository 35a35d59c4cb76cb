import type { RequestPhase, RequestRecords } from '../../metrics/records.ts'
import { createRecords, phaseCode, pickRequests, timeColumns } from '../../metrics/records.ts'

/**
 * Ended requests of all threads while the load runs, one row each, in shared memory. The rule that ends the load reads
 * them. Requests of the warm-up come first, then measured ones by number.
 */
export interface LookTable {
  /** Times on the clock that all threads share. */
  readonly records: RequestRecords
  /** 1 once the request has ended and its row is complete. */
  readonly ended: Int32Array
  /** Rows of the warm-up. */
  readonly before: number
  readonly turns: number
}

/** Size of a {@link LookTable}. */
export interface TableSize {
  readonly rows: number
  readonly before: number
  readonly turns: number
}

/** A table for the first `rows` requests of a load. */
export function createLookTable({ rows, before, turns }: TableSize): LookTable {
  const records = createRecords(rows, true)
  return { records, ended: new Int32Array(new SharedArrayBuffer(rows * 4)), before, turns }
}

/** Other columns that the rule reads. */
const counts = [
  'outputTokens',
  'chunks',
  'reasoningChunks',
  'firstChunkTokens',
  'headChunks',
  'restFrom',
  'session',
  'phase',
  'error',
] as const

/** Phase and number of a request, which determine its row. */
export interface Numbered {
  readonly phase: RequestPhase
  readonly number: number
}

/**
 * The row of a request; null if the rule does not need it. A warm-up longer than planned reuses rows.
 *
 * @param firstMeasured number of the first request of the window
 */
export function rowOf({ records, before }: LookTable, { phase, number }: Numbered, firstMeasured: number) {
  if (phase === 'after') return null
  if (phase === 'warm-up') return before === 0 ? null : number % before
  const row = before + number - firstMeasured
  return row < records.count ? row : null
}

/**
 * Records a request that has ended.
 * @param to row in the table
 * @param offsetMs from the thread's clock to the shared one
 */
export function tellEnded(table: LookTable, to: number, from: RequestRecords, row: number, offsetMs: number): void {
  for (const column of timeColumns) table.records[column][to] = (from[column][row] ?? Number.NaN) + offsetMs
  for (const column of counts) table.records[column][to] = from[column][row] ?? 0
  // Set after the row is complete, so a reader that sees the flag also sees the row.
  Atomics.store(table.ended, to, 1)
}

/** Records requests that will never be sent, as rows without times. */
export function tellMissed(table: LookTable, to: number, count: number): void {
  for (let row = to; row < Math.min(to + count, table.ended.length); row++) Atomics.store(table.ended, row, 1)
}

/**
 * Number of leading measured requests that have all ended, given that the first `known` had. Counts whole conversations
 * only.
 */
export function endedSoFar({ ended, before, turns }: LookTable, known: number): number {
  let count = known
  while (before + count < ended.length && Atomics.load(ended, before + count) === 1) count += 1
  return Math.floor(count / turns) * turns
}

/** Whether the first `planned` requests of the warm-up have ended. */
export function isWarmupOver({ ended }: LookTable, planned: number): boolean {
  for (let row = 0; row < planned; row++) if (Atomics.load(ended, row) !== 1) return false
  return true
}

/** Ended rows of the warm-up, and the measured rows `from` (inclusive) to `to` (exclusive). */
export function rowsSoFar(table: LookTable, from: number, to: number): RequestRecords {
  const { before, records } = table
  const warmup = Array.from({ length: before }, (_, row) => row).filter(
    row => Atomics.load(table.ended, row) === 1 && records.phase[row] === phaseCode('warm-up'),
  )
  return pickRequests(records, [...warmup, ...Array.from({ length: to - from }, (_, row) => before + from + row)])
}
