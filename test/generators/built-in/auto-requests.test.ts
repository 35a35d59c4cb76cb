// Test part: load

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInShortfalls } from '../../../src/generators/built-in/shortfalls.ts'
import { sharded } from '../../../src/generators/shards/sharded.ts'
import { FulcrumError, type Point } from '../../../src/model/index.ts'
import { answer, scriptedServer } from '../../mock-server/scripted.ts'
import { endpointOf, measureAt, pointOf } from './setting.ts'

const level = { kind: 'concurrency', concurrency: 4 } as const
const load = (auto: { min: number; precision: number }, requests: number) => ({
  ...{ level, auto, requests, warmup: 8, dataset: 50 },
})

/** At ten times the figure anything is precise: it stops at the first look, however busy the machine is. */
const evenly = () => scriptedServer(socket => setTimeout(() => socket.write(answer(4)), 20))

test('a load whose figures are known stops at a look, and measures what it was decided by', async () => {
  await using server = await evenly()
  const measurement = await measureAt(server.url, { load: load({ min: 80, precision: 10 }, 2000) })
  assert.equal(measurement.stopping?.reason, 'settled')
  assert.equal(measurement.stopping?.requests, 80)
  assert.equal(measurement.stopping?.max, 2000)
  assert.deepEqual(measurement.requests, { sent: 80, completed: 80, failed: 0 })
  assert.equal(measurement.window, 'steady')
  assert.equal(measurement.warmupRequests, 8)
  assert.ok(server.requests.length < 400, `${server.requests.length} requests were sent`)
})

test('threads that share a load stop together', async () => {
  await using server = await evenly()
  const measurement = await measureAt(server.url, { load: load({ min: 80, precision: 10 }, 2000), threads: 3 })
  assert.equal(measurement.requests.sent, measurement.stopping?.requests)
  assert.equal(measurement.client.threads, 3)
  assert.ok(server.requests.length < 1000)
})

test('a load that never gets precise ends at the most and says so', async () => {
  // Ever slower: no mean to be sure of.
  await using server = await scriptedServer((socket, _, n) => setTimeout(() => socket.write(answer(4)), 1 + n / 4))
  const measurement = await measureAt(server.url, { load: load({ min: 40, precision: 0.005 }, 120) })
  assert.equal(measurement.stopping?.reason, 'max')
  assert.deepEqual(measurement.requests, { sent: 120, completed: 120, failed: 0 })
  assert.ok(measurement.stopping?.figures.some(({ state }) => state === 'open'))
})

test('failures behind the requests that decided are not counted', async () => {
  await using server = await scriptedServer((socket, _, n) =>
    setTimeout(() => (n < 88 ? socket.write(answer(4)) : socket.destroy()), 20),
  )
  const measurement = await measureAt(server.url, { load: load({ min: 80, precision: 10 }, 100_000) })
  assert.deepEqual(measurement.requests, { sent: 80, completed: 80, failed: 0 })
  assert.deepEqual(measurement.errors, [])
})

test('a load that only fails stops at the first look', async () => {
  await using server = await scriptedServer(socket => setTimeout(() => socket.destroy(), 5))
  const measurement = await measureAt(server.url, { load: load({ min: 40, precision: 0.05 }, 100_000) })
  assert.deepEqual(measurement.requests, { sent: 40, completed: 0, failed: 40 })
})

/** What stands in the way of a point, and what to do; empty when nothing does. */
const refusal = (point: Point) =>
  builtInShortfalls(point)
    .map(({ wrong, right }) => `${wrong}; ${right}`)
    .join()

test('conversations and windows that are not steady are refused with what would be right', () => {
  const auto = { min: 40, precision: 0.05 }
  const conversation = { turns: 2, thinkMs: 0 }
  assert.match(refusal(pointOf({ load: load(auto, 400), workload: { conversation } })), /conversation/)
  assert.match(refusal(pointOf({ load: { ...load(auto, 400), warmup: 2 } })), /warmup: 2x/)
  assert.equal(refusal(pointOf({ load: load(auto, 400) })), '')
})

test('shards refuse a load that stops by what it has measured, before any is started', async () => {
  const generator = sharded({
    cacheFolder: '/nowhere',
    runFolder: '/nowhere',
    shards: { count: 2, hosts: [], launcher: 'ssh', launcherArgs: [] },
  })
  const context = { signal: new AbortController().signal, folder: '/nowhere', onProgress: () => {} }
  const point = pointOf({ load: load({ min: 40, precision: 0.05 }, 400) })
  await assert.rejects(generator.measure(point, endpointOf('http://127.0.0.1:1'), context), error => {
    assert.ok(error instanceof FulcrumError)
    assert.equal(error.code, 'generator-cannot')
    return true
  })
  await generator.close()
})
