import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'
import { parquetReadObjects } from 'hyparquet'
import { fulcrum, program, repository, temporaryFolder } from './fulcrum.ts'

const real = join(repository, 'results/baseline/quick')

test('fulcrum export --format parquet writes the same bytes to a file and to a pipe, with a row for each measurement', async () => {
  await using folder = await temporaryFolder()
  const to = join(folder.path, 'points.parquet')
  const { exitCode, stderr } = await fulcrum(['export', real, '--format', 'parquet', '--to', to])
  assert.deepEqual([exitCode, stderr], [0, `Wrote 1 file to ${to}`])
  const args = [program, 'export', real, '--format', 'parquet']
  const piped = await execa(process.execPath, args, { encoding: 'buffer', stripFinalNewline: false })
  const bytes = await readFile(to)
  assert.deepEqual(Buffer.from(piped.stdout), bytes)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const rows = await parquetReadObjects({ file })
  assert.equal(rows.length, 24)
  assert.ok(rows.every(row => row.status === 'ok' && typeof row.ttft_p95_ms === 'number'))
})
