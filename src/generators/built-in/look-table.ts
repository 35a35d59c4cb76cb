import type { RequestRecords } from '../../metrics/records.ts'
import { createRecords } from '../../metrics/records.ts'

/**
 * What threads report while the load runs, for deciding how long it runs: one row per request, by its number. Shared
 * memory.
 */
export interface LookTable {
  /** Times on the clock that all threads share. */
  readonly records: RequestRecords
  /** 1 once the request has ended and its row is complete. */
  readonly ended: Int32Array
}

/** A table for the first `requests` requests of a load. */
export function createLookTable(requests: number): LookTable {
  return { records: createRecords(requests, true), ended: new Int32Array(new SharedArrayBuffer(requests * 4)) }
}

const times = ['scheduledMs', 'sentMs', 'firstTokenMs', 'secondTokenMs', 'lastTokenMs', 'doneMs'] as const
const counts = ['outputTokens', 'chunks', 'firstChunkTokens', 'error'] as const

/**
 * Reports an ended request. Requests beyond the table's end are ignored.
 * @param offsetMs from the thread's clock to the shared one
 */
export function tellEnded(table: LookTable, number: number, from: RequestRecords, row: number, offsetMs: number): void {
  if (number >= table.records.count) return
  for (const column of times) table.records[column][number] = (from[column][row] ?? Number.NaN) + offsetMs
  for (const column of counts) table.records[column][number] = from[column][row] ?? 0
  // Set after the row, so that a reader who sees the flag also sees the row.
  Atomics.store(table.ended, number, 1)
}

/** Number of leading requests that have ended, given that the first `known` have. */
export function endedSoFar({ ended }: LookTable, known: number): number {
  let count = known
  while (count < ended.length && Atomics.load(ended, count) === 1) count += 1
  return count
}
