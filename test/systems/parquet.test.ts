import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'
import { exportRun } from '../../src/commands/export.ts'

/** pandas and pyarrow come with AIPerf. */
const python = join(import.meta.dirname, '../../.systems/aiperf/bin/python')
const baseline = join(import.meta.dirname, '../../results/baseline/quick')

const compare = `
import json, sys
import pandas, pyarrow.parquet
parquet, csv = pandas.read_parquet(sys.argv[1]), pandas.read_csv(sys.argv[2], float_precision='round_trip')
assert list(parquet.columns) == list(csv.columns)
differing = []
for name in csv.columns:
    a, b = parquet[name], csv[name]
    if name == 'started_at':
        b = pandas.to_datetime(b)
    same = ((a == b) | (a.isna() & b.isna()) | ((a == '') & b.isna())).all()
    if not same:
        differing.append(name)
file = pyarrow.parquet.read_schema(sys.argv[1])
print(json.dumps({
    'rows': len(parquet),
    'differing': differing,
    'types': {field.name: str(field.type) for field in file},
    'run': json.loads(file.metadata[b'fulcrum.run']),
}))
`

test('pyarrow and pandas read the Parquet file of a real run as they read its points.csv', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-parquet-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  const files = { parquet: join(folder, 'points.parquet'), csv: join(folder, 'points.csv') }
  for (const format of ['parquet', 'csv'] as const)
    await exportRun({ folder: baseline, resultsRoot: '', format, to: files[format] })
  const { stdout } = await execa(python, ['-c', compare, files.parquet, files.csv])
  const read = JSON.parse(stdout)
  assert.equal(read.rows, 24)
  assert.deepEqual(read.differing, [])
  assert.equal(read.types.ttft_p95_ms, 'double')
  assert.equal(read.types.gpus, 'int32')
  assert.equal(read.types.on_frontier, 'bool')
  assert.equal(read.types.reason, 'string')
  assert.equal(read.types.started_at, 'timestamp[ms, tz=UTC]')
  assert.equal(read.run.sweep, 'quick')
})
