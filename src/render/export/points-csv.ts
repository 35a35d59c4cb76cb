import { stringify } from 'csv-stringify/sync'
import type { Analysis } from '../../analysis/analyse.ts'
import { analyse } from '../../analysis/analyse.ts'
import type { Run } from '../../journal/run.ts'
import { leftOutRecords } from '../views/left-out.ts'
import type { Cell } from './columns.ts'
import { columnsOf } from './columns.ts'
import { fileFormat } from './format.ts'
import { rowsOf } from './rows.ts'

/**
 * points.csv of a run: one row for each repeat with unrounded figures, then one row for each point that a search
 * skipped.
 */
export function pointsCsv(run: Run): string {
  return pointsCsvOf(analyse(run))
}

/** Like {@link pointsCsv}, from an existing analysis. */
export function pointsCsvOf(analysis: Analysis): string {
  const columns = columnsOf(analysis.figures)
  const records = rowsOf(analysis).map(row => columns.map(column => written(column.of(row))))
  const leftOut = leftOutRecords(analysis.run).map(record => columns.map(({ name }) => written(record[name] ?? null)))
  return stringify([columns.map(column => column.name), ...records, ...leftOut])
}

/**
 * Prefixes text that a spreadsheet would run as a formula with a quote mark, because error messages and model names are
 * untrusted. Numbers, including negative ones, are unchanged.
 */
function written(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  return /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
}

/** Export format `csv`. Unknown values are empty. */
export const csvFormat = fileFormat(
  {
    name: 'csv',
    about: 'points.csv: one row per measurement',
    table: async ({ columns, rows }) =>
      stringify([columns.map(({ name }) => name), ...rows.map(row => row.map(written))]),
  },
  pointsCsv,
)
