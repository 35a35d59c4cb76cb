// Test part: process

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { test } from 'node:test'
import { promisify } from 'node:util'

const rows = 200_000

/** A trace as long as Mooncake's largest several times over: sessions whose prompts grow, 13,000 tokens on average. */
async function writeTrace(file: string): Promise<void> {
  const out = createWriteStream(file)
  const sessions = Array.from({ length: 200 }, () => [] as number[])
  let id = 0
  for (let row = 0; row < rows; row++) {
    const ids = sessions[(row * 7919) % sessions.length] ?? []
    if (ids.length >= 50) ids.length = 0
    for (let block = 0; block < 2; block++) ids.push(id++)
    const session_id = `${(row * 7919) % sessions.length}`
    const length = { input_length: 512 * ids.length - 100, output_length: 1 + (row % 300) }
    const line = JSON.stringify({ timestamp: row * 400, ...length, hash_ids: ids, session_id })
    if (!out.write(`${line}\n`)) await once(out, 'drain')
  }
  out.end()
  await finished(out)
}

test('a trace of 200,000 requests is checked and prepared in a heap of 256 MB, and 500 MB in all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-long-trace-'))
  try {
    const file = join(folder, 'trace.jsonl')
    await writeTrace(file)
    const script = join(import.meta.dirname, 'fixtures/prepare-trace.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=256', script, file])
    const told = JSON.parse(stdout) as { requests: number; sent: number; peakMb: number; reusable: number }
    assert.deepEqual([told.requests, told.sent], [rows, rows])
    assert.ok(told.reusable > 0.9, `${told.reusable}`)
    assert.ok(told.peakMb < 500, `${told.peakMb} MB`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
