// Test part: unit

import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { JournalLine } from '../../src/journal/event.ts'
import type { Holder } from '../../src/journal/index.ts'
import { type Live, readLive, removeLive, writeLive } from '../../src/journal/live.ts'
import { filesOf } from '../../src/site/run-files.ts'
import { note, scratch } from './journal-on-disk.ts'

const at = '2026-11-24T12:00:00.000Z'
const nowMs = () => Date.parse(at) + 900
const holder = { pid: 42 } as Holder
const live: Live = {
  pid: 42,
  at,
  point: { id: 'p', deployment: '1P1D', workload: '8000/256', load: 'concurrency 16', repeat: 1 },
  phase: 'measuring',
  elapsedS: 12,
  done: 37,
  total: 160,
  failed: 0,
  inFlight: 16,
  outputTokensPerS: 1420,
  ttftMs: { mean: null, p50: 210, p95: 340 },
  itlMs: { mean: null, p50: 11, p95: 12.9 },
  seenBy: 'generator',
  roles: [{ role: 'decode', waiting: 0, running: 16, kvCache: 0.4 }],
  gpus: [{ role: 'decode', gpus: 4, powerW: 540, utilization: 0.88 }],
}
const lineAt = (time: string) => ({ seq: 1, at: time, event: note('a point is recorded') }) as unknown as JournalLine

describe('live figures of a run', () => {
  test('are what its process wrote last', async () => {
    await using place = await scratch()
    await writeLive(place.path, { ...live, done: 36 })
    await writeLive(place.path, live)
    assert.deepEqual(await readLive(place.path, holder, lineAt('2026-11-24T11:59:00.000Z'), nowMs), live)
  })

  const distrusted: readonly (readonly [why: string, holder: Holder | null, line: string, nowMs: () => number])[] = [
    ['nobody holds the run', null, '2026-11-24T11:59:00.000Z', nowMs],
    ['another process holds the run', { pid: 43 } as Holder, '2026-11-24T11:59:00.000Z', nowMs],
    ['the journal has a later line', holder, '2026-11-24T12:00:00.500Z', nowMs],
    ['they are stale', holder, '2026-11-24T11:59:00.000Z', () => Date.parse(at) + 11_000],
    ['they are of the future', holder, '2026-11-24T11:59:00.000Z', () => Date.parse(at) - 11_000],
  ]
  for (const [why, who, line, now] of distrusted)
    test(`are none when ${why}`, async () => {
      await using place = await scratch()
      await writeLive(place.path, live)
      assert.equal(await readLive(place.path, who, lineAt(line), now), null)
    })

  for (const [what, text] of [
    ['cut off', '{"pid":42,"at":"2026-11-24T12:00'],
    ['of another version', '{"pid":42,"at":"2026-11-24T12:00:00.000Z","point":"p"}'],
    ['empty', ''],
  ] as const)
    test(`are none when the file is ${what}`, async () => {
      await using place = await scratch()
      await writeFile(join(place.path, '.live.json'), text)
      assert.equal(await readLive(place.path, holder, undefined, nowMs), null)
    })

  test('are no file of the run for who lists or sends it, and leave nothing behind', async () => {
    await using place = await scratch()
    await writeLive(place.path, live)
    assert.deepEqual(await filesOf(place.path), [])
    await removeLive(place.path)
    assert.deepEqual(await readdir(place.path), [])
    assert.equal(await readLive(place.path, holder, undefined, nowMs), null)
  })

  test('are given up without an error where they cannot be written', async () => {
    await writeLive('/nowhere/at/all', live)
  })
})
