import type { RequestRecords } from '../../metrics/records.ts'
import { createRecords } from '../../metrics/records.ts'

/**
 * What threads tell while the load runs, for whoever decides how long it runs: a row a request, by its number. Shared
 * memory.
 */
export interface LookTable {
  /** Times by the clock that all threads share. */
  readonly records: RequestRecords
  /** 1 once a row is written and its request has ended. */
  readonly ended: Int32Array
}

/** A table for the first so many requests of a load. */
export function createLookTable(requests: number): LookTable {
  return { records: createRecords(requests, true), ended: new Int32Array(new SharedArrayBuffer(requests * 4)) }
}

const times = ['scheduledMs', 'sentMs', 'firstTokenMs', 'secondTokenMs', 'lastTokenMs', 'doneMs'] as const
const counts = ['outputTokens', 'chunks', 'firstChunkTokens', 'error'] as const

/**
 * Tells of a request that has ended; those behind the table's end are nobody's business.
 * @param offsetMs from the thread's clock to the shared one
 */
export function tellEnded(table: LookTable, number: number, from: RequestRecords, row: number, offsetMs: number): void {
  if (number >= table.records.count) return
  for (const column of times) table.records[column][number] = (from[column][row] ?? Number.NaN) + offsetMs
  for (const column of counts) table.records[column][number] = from[column][row] ?? 0
  // Behind the row: who sees the flag sees the row.
  Atomics.store(table.ended, number, 1)
}

/**
 * Whether the first so many requests have ended, given that the first `known` had. Returns how many are known to have.
 */
export function endedSoFar({ ended }: LookTable, known: number): number {
  let count = known
  while (count < ended.length && Atomics.load(ended, count) === 1) count += 1
  return count
}
