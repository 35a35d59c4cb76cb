import { parquetWriteBuffer } from 'hyparquet-writer'
import { type Analysis, analyse } from '../../analysis/analyse.ts'
import type { Run } from '../../journal/run.ts'
import type { Cell, ColumnType } from './columns.ts'
import { columnsOf } from './columns.ts'
import type { Table } from './format.ts'
import { rowsOf } from './rows.ts'

const parquetTypes = {
  text: 'STRING',
  integer: 'INT32',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  time: 'TIMESTAMP',
} as const satisfies { readonly [type in ColumnType]: string }

/**
 * The rows and columns of points.csv as Parquet: typed, null where nothing was measured, text as it is. What each
 * column means and which run it is of are in the file's own metadata (`fulcrum.columns`, `fulcrum.run`, both JSON).
 */
export function pointsParquet(run: Run): Uint8Array {
  return pointsParquetOf(analyse(run))
}

/** As {@link pointsParquet}, from an analysis that is there already. */
export function pointsParquetOf(analysis: Analysis): Uint8Array {
  const columns = columnsOf(analysis.figures)
  const rows = rowsOf(analysis)
  const { sweep, runId, createdAt, git, versions } = analysis.run.manifest
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, type, of }) => ({
      name,
      type: parquetTypes[type],
      data: rows.map(row => typed(of(row), type)),
    })),
    kvMetadata: [
      { key: 'fulcrum.run', value: JSON.stringify({ sweep, runId, createdAt, git }) },
      {
        key: 'fulcrum.columns',
        value: JSON.stringify(Object.fromEntries(columns.map(({ name, meaning }) => [name, meaning]))),
      },
    ],
    createdBy: `fulcrum version ${versions.fulcrum}`,
  })
  return new Uint8Array(buffer)
}

/** Any table as Parquet. */
export function tableParquet({ columns, rows }: Table): Uint8Array {
  const columnData = columns.map(({ name, type }, at) => ({
    name,
    type: parquetTypes[type],
    data: rows.map(row => typed(row[at] ?? null, type)),
  }))
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}

/** A time that isn't one (a summary from elsewhere may say anything) is null: a column has one type. */
function typed(cell: Cell, type: ColumnType): Cell | Date {
  if (type !== 'time' || cell === null) return cell
  const time = new Date(String(cell))
  return Number.isNaN(time.getTime()) ? null : time
}
