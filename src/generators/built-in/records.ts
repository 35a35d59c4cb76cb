import type { RequestRecords } from '../../metrics/records.ts'
import { countColumns, createRecords, timeColumns } from '../../metrics/records.ts'

/**
 * Records of one thread during the measurement. Rows for all expected requests exist before the clock starts; more are
 * added only if needed.
 */
export class GrowingRecords {
  #records: RequestRecords
  #length = 0

  constructor(expected: number) {
    this.#records = createRecords(expected)
  }

  /** The columns, at least as long as the number of rows. Fetch them again after each {@link add}. */
  get columns(): RequestRecords {
    return this.#records
  }

  /** Adds a row. */
  add(scheduledMs: number): number {
    if (this.#length === this.#records.count) this.#grow()
    this.#records.scheduledMs[this.#length] = scheduledMs
    return this.#length++
  }

  /** The used rows in scheduled order with times relative to `originMs`, and the new position of each row. */
  finish(originMs: number): { readonly records: RequestRecords; readonly rows: Uint32Array } {
    const from = this.#records
    const order = Uint32Array.from({ length: this.#length }, (_, row) => row)
    order.sort((a, b) => (from.scheduledMs[a] ?? 0) - (from.scheduledMs[b] ?? 0))
    const records = createRecords(this.#length)
    const rows = new Uint32Array(this.#length)
    for (const [to, row] of order.entries()) {
      rows[row] = to
      for (const column of timeColumns) records[column][to] = (from[column][row] ?? Number.NaN) - originMs
      for (const column of countColumns) records[column][to] = from[column][row] ?? 0
    }
    return { records, rows }
  }

  #grow(): void {
    const grown = createRecords(Math.max(1024, this.#length * 2))
    for (const column of [...timeColumns, ...countColumns]) grown[column].set(this.#records[column])
    this.#records = grown
  }
}
