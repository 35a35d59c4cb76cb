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
 * The rows and columns of points.csv as Parquet: typed, null for unobserved values, text unchanged. The file's metadata
 * has the meaning of each column and the run (`fulcrum.columns`, `fulcrum.run`, both JSON).
 */
export function pointsParquet(run: Run): Uint8Array {
  return pointsParquetOf(analyse(run))
}

/** Like {@link pointsParquet}, from an existing analysis. */
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

/** An invalid time, as in a summary from another program, becomes null, because a column has one type. */
function typed(cell: Cell, type: ColumnType): Cell | Date {
  if (type !== 'time' || cell === null) return cell
  const time = new Date(String(cell))
  return Number.isNaN(time.getTime()) ? null : time
}
