import { parquetWriteBuffer } from 'hyparquet-writer'
import { analyse } from '../../analysis/analyse.ts'
import type { Run } from '../../journal/run.ts'
import type { Cell, ColumnType } from './columns.ts'
import { csvColumns } from './columns.ts'
import { rowsOf } from './rows.ts'

const parquetTypes = {
  text: 'STRING',
  integer: 'INT32',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  time: 'TIMESTAMP',
} as const satisfies { readonly [type in ColumnType]: string }

/**
 * The rows and columns of points.csv as Parquet: typed, null where nothing was measured, text as it is. What each column means and
 * which run it is of are in the file's own metadata (`fulcrum.columns`, `fulcrum.run`, both JSON).
 */
export function pointsParquet(run: Run): Uint8Array {
  const rows = rowsOf(analyse(run))
  const { sweep, runId, createdAt, git, versions } = run.manifest
  const buffer = parquetWriteBuffer({
    columnData: csvColumns.map(({ name, type, of }) => ({
      name,
      type: parquetTypes[type],
      data: rows.map(row => typed(of(row), type)),
    })),
    kvMetadata: [
      { key: 'fulcrum.run', value: JSON.stringify({ sweep, runId, createdAt, git }) },
      {
        key: 'fulcrum.columns',
        value: JSON.stringify(Object.fromEntries(csvColumns.map(({ name, meaning }) => [name, meaning]))),
      },
    ],
    createdBy: `fulcrum version ${versions.fulcrum}`,
  })
  return new Uint8Array(buffer)
}

/** A time that isn't one (a summary from elsewhere may say anything) is null: a column has one type. */
function typed(cell: Cell, type: ColumnType): Cell | Date {
  if (type !== 'time' || cell === null) return cell
  const time = new Date(String(cell))
  return Number.isNaN(time.getTime()) ? null : time
}
