import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { csvColumns } from '../../src/render/export/columns.ts'
import { pointsParquet } from '../../src/render/export/parquet.ts'
import { pointsCsv } from '../../src/render/export/points-csv.ts'
import { parseCsv } from './parse-csv.ts'
import { aggregated, disaggregated, failed, invalid, runOf, syntheticRun } from './synthetic-run.ts'

const run = syntheticRun({
  topologies: [aggregated(2), disaggregated(2, 1)],
  repeats: 2,
  change: (result, i) => (i % 7 === 3 ? failed(result, '=1+1') : i % 7 === 5 ? invalid(result) : result),
})
const bytesOf = (of: typeof run) => pointsParquet(of).buffer as ArrayBuffer

/** A Parquet cell as points.csv would write it; the CSV alone guards spreadsheets against formulas. */
function asCsv(cell: unknown): string {
  if (cell === null || cell === undefined) return ''
  if (cell instanceof Date) return cell.toISOString()
  return /^[=+\-@\t\r]/.test(String(cell)) && typeof cell === 'string' ? `'${cell}` : String(cell)
}

test('a Parquet file has the rows and columns of points.csv, cell for cell', async () => {
  const rows = await parquetReadObjects({ file: bytesOf(run) })
  const csv = parseCsv(pointsCsv(run))
  assert.equal(rows.length, csv.length)
  for (const [i, row] of rows.entries())
    assert.deepEqual(Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, asCsv(cell)])), csv[i])
})

test('a Parquet file says which run it is of and what each column means', () => {
  const { key_value_metadata: said } = parquetMetadata(bytesOf(run))
  const meta = new Map(said?.map(({ key, value }) => [key, JSON.parse(value ?? '')]))
  assert.equal(meta.get('fulcrum.run').runId, run.manifest.runId)
  assert.deepEqual(
    meta.get('fulcrum.columns'),
    Object.fromEntries(csvColumns.map(({ name, meaning }) => [name, meaning])),
  )
})

test('a run without a measurement still has every column, with its type', async () => {
  for (const empty of [runOf([]), syntheticRun({ change: result => failed(result, 'no answer') })]) {
    const { schema } = parquetMetadata(bytesOf(empty))
    const typeOf = new Map(schema.map(({ name, type, converted_type }) => [name, converted_type ?? type]))
    assert.equal(typeOf.get('ttft_p95_ms'), 'DOUBLE')
    assert.equal(typeOf.get('started_at'), 'TIMESTAMP_MILLIS')
    assert.equal(typeOf.get('reason'), 'UTF8')
    assert.equal((await parquetReadObjects({ file: bytesOf(empty) })).length, empty.results.length)
  }
})

test('a start that is no time is null, not a broken file', async () => {
  const odd = syntheticRun({
    change: result =>
      result.measurement === null ? result : { ...result, measurement: { ...result.measurement, startedAt: 'Monday' } },
  })
  const [row] = await parquetReadObjects({ file: bytesOf(odd), columns: ['started_at'] })
  assert.equal(row?.started_at ?? null, null)
})

test('docs/reference/points-csv.md documents every column with its type and meaning, in their order', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/reference/points-csv.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\w+) \| (.*) \|$/gm)].map(([, name, type, meaning]) => ({
    name,
    type,
    meaning,
  }))
  assert.deepEqual(
    rows,
    csvColumns.map(({ name, type, meaning }) => ({ name, type, meaning })),
  )
})
