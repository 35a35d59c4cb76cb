// Test part: load

import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { answer, scriptedServer } from '../../mock-server/scripted.ts'
import { measureAt } from './setting.ts'

interface Line {
  readonly phase: 'warm-up' | 'measured' | 'after'
  readonly sent: number
  readonly done: number
}

/** A server that answers after some time, and knows how many requests it has at each moment. */
async function slow(takesMs: (request: number) => number) {
  let now = 0
  const seen: number[] = []
  const server = await scriptedServer((socket, _, n) => {
    now += 1
    seen[n] = now
    setTimeout(() => {
      now -= 1
      socket.write(answer(4))
    }, takesMs(n))
  })
  return { server, seen }
}

async function lines(measure: (folder: string) => Promise<unknown>): Promise<readonly Line[]> {
  const run = await mkdtemp(join(tmpdir(), 'fulcrum-window-'))
  const folder = join(run, 'points', 'p')
  await measure(folder)
  const text = gunzipSync(await readFile(join(folder, 'requests.jsonl.gz'))).toString()
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Line)
}

const level = { kind: 'concurrency', concurrency: 4 } as const
const load = { level, warmup: 8, requests: 20, dataset: 28 } as const

describe('a closed loop', () => {
  test('does not drain its warm-up: the window begins with every slot busy', async () => {
    const { server, seen } = await slow(n => 40 + 10 * (n % 4))
    await using _ = server
    const measurement = await measureAt(server.url, { load })
    assert.deepEqual(measurement.requests, { sent: 20, completed: 20, failed: 0 })
    assert.deepEqual([measurement.window, measurement.warmupRequests], ['steady', 8])
    // Two slots may be answered at once; a drained warm-up would leave the first measured request alone.
    assert.ok(Math.min(...seen.slice(3, 28)) >= 2, seen.join())
  })

  test('holds its load until the last measured request has its answer, with requests that count for nothing', async () => {
    // The last measured request takes far longer than the others.
    const { server } = await slow(n => (n === 27 ? 400 : 40))
    await using _ = server
    let sent = 0
    const log = await lines(async folder => {
      const measurement = await measureAt(server.url, { load, folder })
      sent = measurement.requests.sent
    })
    assert.equal(sent, 20)
    const lastMeasuredDone = Math.max(...log.filter(one => one.phase === 'measured').map(one => one.sent + one.done))
    const after = log.filter(one => one.phase === 'after')
    // Three slots went on for ten answers each, one after another.
    assert.ok(after.length >= 15, `${after.length} requests held the load`)
    assert.ok(Math.max(...after.map(one => one.sent)) >= lastMeasuredDone - 60)
    assert.deepEqual(log.map(one => one.phase).filter(phase => phase === 'warm-up').length, 8)
  })

  test('holds its load with prompts that nothing else had', async () => {
    const { server } = await slow(() => 60)
    await using _ = server
    await measureAt(server.url, { load })
    const bodies = server.requests.map(request => request.body.toString())
    const planned = new Set(bodies.slice(0, 28))
    assert.equal(planned.size, 28)
    assert.ok(bodies.length > 28)
    for (const body of bodies.slice(28)) assert.ok(!planned.has(body))
  })

  test('counts no failure of a request that only holds the load', async () => {
    await using server = await scriptedServer((socket, _, n) => {
      setTimeout(() => (n < 28 ? socket.write(answer(4)) : socket.destroy()), n === 27 ? 200 : 40)
    })
    const measurement = await measureAt(server.url, { load })
    assert.deepEqual([measurement.requests.failed, measurement.errors], [0, []])
  })

  test('is not held up by requests that hold the load and never end', async () => {
    await using server = await scriptedServer((socket, _, n) => {
      if (n < 28) setTimeout(() => socket.write(answer(4)), 40)
    })
    const measurement = await measureAt(server.url, { load: { ...load, timeoutMs: 60_000 } })
    assert.equal(measurement.requests.completed, 20)
    assert.ok(measurement.wallS < 30)
  })

  test('drains its warm-up and starts anew where the whole run is asked for', async () => {
    const { server, seen } = await slow(() => 60)
    await using _ = server
    const measurement = await measureAt(server.url, { load: { ...load, window: 'whole' } })
    assert.deepEqual([measurement.window, measurement.whole], ['whole', undefined])
    assert.equal(seen.length, 28)
    assert.equal(seen[8], 1, 'the first measured request meets an idle server')
  })

  test('of several threads measures each request once', async () => {
    const { server } = await slow(() => 30)
    await using _ = server
    const log = await lines(folder =>
      measureAt(server.url, {
        threads: 3,
        folder,
        load: { level: { kind: 'concurrency', concurrency: 7 }, warmup: 14, requests: 50, dataset: 64 },
      }),
    )
    const count = (phase: Line['phase']) => log.filter(one => one.phase === phase).length
    assert.deepEqual([count('warm-up'), count('measured')], [14, 50])
  })

  test('counts what ended by time only if it was sent in time', async () => {
    const { server } = await slow(() => 50)
    await using _ = server
    const { durationS, requests } = await measureAt(server.url, {
      load: { level, warmup: 8, requests: undefined, durationS: 1, dataset: 100 },
    })
    assert.ok(Math.abs(durationS - 1) < 0.05, `${durationS}`)
    assert.ok(requests.completed > 40 && requests.failed === 0)
  })
})

describe('an open loop', () => {
  const rate = { kind: 'rate', requestsPerS: 50, arrivals: { kind: 'constant' } } as const

  test('is loaded for a request’s latency at least before its window begins', async () => {
    const { server, seen } = await slow(() => 300)
    await using _ = server
    const log = await lines(folder =>
      measureAt(server.url, { folder, load: { level: rate, warmup: 1, requests: 40, dataset: 40 } }),
    )
    const before = log.filter(one => one.phase === 'warm-up')
    // Two latencies of 300 ms at 50 a second.
    assert.ok(before.length >= 15, `${before.length} requests before the window`)
    assert.ok((seen[before.length] ?? 0) >= 12, 'the first measured request meets a loaded server')
    assert.equal(log.filter(one => one.phase === 'measured').length, 40)
  })

  test('goes on until its last measured request has its answer', async () => {
    const { server } = await slow(() => 300)
    await using _ = server
    const log = await lines(folder =>
      measureAt(server.url, { folder, load: { level: rate, warmup: 1, requests: 40, dataset: 40 } }),
    )
    assert.ok(log.filter(one => one.phase === 'after').length >= 10)
  })

  test('that is too much for its server is measured all the same', async () => {
    // One at a time, 50 ms each, where 50 a second come.
    let freeAt = 0
    await using server = await scriptedServer(socket => {
      const now = performance.now()
      freeAt = Math.max(now, freeAt) + 50
      setTimeout(() => socket.write(answer(4)), freeAt - now)
    })
    const measurement = await measureAt(server.url, { load: { level: rate, warmup: 5, requests: 40, dataset: 40 } })
    assert.equal(measurement.requests.completed, 40)
    assert.ok((measurement.requestsPerS ?? Number.NaN) < 30, `${measurement.requestsPerS} requests/s`)
  })
})
