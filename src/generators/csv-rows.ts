import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { FulcrumError } from '../model/index.ts'
import { fileUnreadable, lineError } from './json-lines.ts'

/** A row of a CSV file. */
export interface CsvRow {
  /** Line number from 1; for a cell over several lines, that of the last line. */
  readonly line: number
  readonly cells: readonly string[]
  /** Column at which a cell begins, from 1. */
  columnOf(cell: number): number
}

/**
 * The rows of a CSV file (RFC 4180), including the header. Empty lines are skipped, and spaces around cells are
 * removed. Keeps one row and one chunk of the file in memory.
 * @throws FulcrumError bad-input `data-file-unreadable`, `data-line-invalid` if quotes don't match; the signal's reason
 */
export async function* readCsvRows(file: string, signal: AbortSignal): AsyncGenerator<CsvRow> {
  const parser = parse({
    bom: true,
    trim: true,
    info: true,
    raw: true,
    relax_column_count: true,
    skip_empty_lines: true,
  })
  const input = createReadStream(file, { signal, highWaterMark: 1 << 18 })
  // Passes errors on to the reader of the rows.
  pipeline(input, parser, () => {})
  try {
    for await (const { record, info, raw } of parser as AsyncIterable<ParsedRow>) {
      yield {
        line: info.lines,
        cells: record,
        columnOf: cell => raw.split(',', cell).join(',').length + (cell > 0 ? 2 : 1),
      }
    }
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof FulcrumError) throw cause
    if (!(cause instanceof CsvError)) throw fileUnreadable(file, cause)
    throw lineError(file, Number(cause.lines ?? 1), 1, cause.message, 'write cells with commas or quotes in quotes')
  } finally {
    input.destroy()
  }
}

/** Output of csv-parse with `info` and `raw`. */
interface ParsedRow {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
  readonly raw: string
}
