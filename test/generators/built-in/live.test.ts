// Test part: load

import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { builtIn } from '../../../src/generators/built-in/built-in.ts'
import {
  countEnded,
  countSent,
  createLiveTable,
  liveMessages,
  liveTableOf,
  soFar,
} from '../../../src/generators/built-in/live-table.ts'
import type { LoadProgress } from '../../../src/generators/generator.ts'
import { Histogram } from '../../../src/metrics/histogram.ts'
import { answer, scriptedServer } from '../../mock-server/scripted.ts'
import { endpointOf, pointOf } from './setting.ts'

const level = { kind: 'concurrency', concurrency: 2 } as const

describe('a load that is under way', () => {
  test('shows what is in flight and what has arrived, before any of it is a result', async () => {
    const held: (() => void)[] = []
    await using server = await scriptedServer((socket, _, n) => {
      if (n < 4) socket.write(answer(4))
      else held.push(() => socket.write(answer(4)))
    })
    const generator = builtIn({ cacheFolder: join(tmpdir(), 'fulcrum-test-lexicons'), threads: 1 })
    const told: LoadProgress[] = []
    const isStuck = ({ soFar: seen }: LoadProgress) => seen?.inFlight === 2 && seen.tokens === 16 && held.length === 2
    const measurement = await generator.measure(
      pointOf({ load: { level, warmup: 0, requests: 6, dataset: 6 } }),
      endpointOf(server.url),
      {
        signal: AbortSignal.timeout(60_000),
        folder: join(await mkdtemp(join(tmpdir(), 'fulcrum-live-')), 'points', 'p'),
        onProgress: progress => {
          if (!isStuck(progress)) return
          told.push(progress)
          for (const release of held.splice(0)) release()
        },
      },
    )
    await generator.close()
    const [progress] = told
    assert.deepEqual([progress?.phase, progress?.done, progress?.total], ['measuring', 4, 6])
    const { ttftMs, itlMs, failed } = progress?.soFar ?? {}
    assert.equal(failed, 0)
    // Answers in one piece have no ITL.
    assert.equal(itlMs, null)
    const all = measurement.ttftMs
    assert.ok(ttftMs !== null && ttftMs !== undefined && all !== null && ttftMs.p95 <= (all.max ?? 0) * 1.01)
    assert.ok(ttftMs.p50 >= (all.min ?? 0) * 0.99)
  })

  test('of embeddings has no tokens and no TTFT', () => {
    const table = createLiveTable(1)
    assert.deepEqual(soFar(table, 'embeddings'), { inFlight: 0, tokens: null, failed: 0, ttftMs: null, itlMs: null })
  })
})

const times = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { maxLength: 30 })
const threads = fc.array(fc.record({ ttft: times, itl: times, failed: fc.nat({ max: 3 }), more: fc.nat({ max: 5 }) }), {
  minLength: 1,
  maxLength: 4,
})

describe('what threads have seen', () => {
  test('is the same after it went through messages, and adds up over threads', () => {
    fc.assert(
      fc.property(threads, all => {
        const table = createLiveTable(all.length)
        for (const [i, { ttft, itl, failed, more }] of all.entries()) {
          const part = table.threads[i]
          assert.ok(part !== undefined)
          const [first, between] = [new Histogram(part.ttft), new Histogram(part.itl)]
          for (const ms of ttft) first.record(ms)
          for (const ms of itl) between.record(ms)
          for (let n = 0; n < failed + more; n++) countSent(part)
          for (let n = 0; n < failed; n++) countEnded(part, 7, true)
        }
        const seen = soFar(table, 'chat')
        assert.deepEqual(soFar(liveTableOf(liveMessages(table)), 'chat'), seen)
        const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + of(one), 0)
        assert.deepEqual([seen.inFlight, seen.failed], [sum(({ more }) => more), sum(({ failed }) => failed)])
        assert.equal(seen.tokens, 7 * sum(({ failed }) => failed))
        const ttfts = all.flatMap(({ ttft }) => ttft)
        assert.equal(seen.ttftMs === null, ttfts.length === 0)
        // Within the histogram's precision, between the extremes.
        if (seen.ttftMs !== null) {
          assert.ok(seen.ttftMs.p50 <= seen.ttftMs.p95)
          assert.ok(seen.ttftMs.p95 <= ttfts.reduce((a, b) => Math.max(a, b), 0) * 1.004 + 0.001)
        }
      }),
    )
  })
})
