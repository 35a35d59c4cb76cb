// Test part: load

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInShortfalls } from '../../../src/generators/built-in/shortfalls.ts'
import type { Point } from '../../../src/model/index.ts'
import { answer, scriptedServer } from '../../mock-server/scripted.ts'
import { measureAt, pointOf } from './setting.ts'

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

test('an open loop stops at a look, and the load goes on until what was measured is answered', async () => {
  await using server = await evenly()
  const level = { kind: 'rate', requestsPerS: 400, arrivals: { kind: 'poisson' } } as const
  const open = { level, auto: { min: 120, precision: 10 }, requests: 20_000, warmup: 40, dataset: 50 }
  const measurement = await measureAt(server.url, { load: open, threads: 2 })
  assert.equal(measurement.stopping?.reason, 'settled')
  assert.deepEqual(measurement.requests, { sent: 120, completed: 120, failed: 0 })
  assert.equal(measurement.window, 'steady')
  assert.ok((measurement.warmupRequests ?? 0) >= 40)
  assert.ok(server.requests.length < 10_000, `${server.requests.length} requests were sent`)
  // The window is as long as those requests took to be due, not as long as the most would take.
  assert.ok(measurement.durationS < 5, `${measurement.durationS} s`)
})

test('an open loop that never gets precise ends at the most', async () => {
  await using server = await scriptedServer((socket, _, n) => setTimeout(() => socket.write(answer(4)), 1 + n / 4))
  const level = { kind: 'rate', requestsPerS: 400, arrivals: { kind: 'constant' } } as const
  const open = { level, auto: { min: 40, precision: 0.005 }, requests: 120, warmup: 4, dataset: 50 }
  const measurement = await measureAt(server.url, { load: open })
  assert.equal(measurement.stopping?.reason, 'max')
  assert.deepEqual(measurement.requests, { sent: 120, completed: 120, failed: 0 })
})

const conversation = { turns: 4, thinkMs: 1 }
const ofUsers = { ...load({ min: 160, precision: 10 }, 4000), warmup: 16 }

test('conversations stop at a look, and all that are measured are whole', async () => {
  await using server = await evenly()
  const measurement = await measureAt(server.url, { load: ofUsers, workload: { conversation }, threads: 2 })
  assert.equal(measurement.stopping?.reason, 'settled')
  assert.equal(measurement.stopping?.requests, 160)
  assert.deepEqual(measurement.requests, { sent: 160, completed: 160, failed: 0 })
  const { count, turns, skipped, byAnswer } = measurement.sessions ?? {}
  assert.deepEqual([count, turns, skipped, byAnswer], [40, 4, 0, 120])
  assert.ok(server.requests.length < 1200, `${server.requests.length} requests were sent`)
})

test('conversations that break off count as they are, and hold nothing up', async () => {
  const refused = 'HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n'
  await using server = await scriptedServer((socket, _, n) =>
    setTimeout(() => socket.write(n % 10 === 9 ? refused : answer(4)), 10),
  )
  const measurement = await measureAt(server.url, { load: ofUsers, workload: { conversation } })
  assert.equal(measurement.stopping?.requests, 160)
  const { requests, sessions } = measurement
  assert.equal(sessions?.count, 40)
  assert.ok(requests.failed > 0)
  assert.equal(requests.sent + (sessions?.skipped ?? 0), 160)
})

/** What stands in the way of a point, and what to do; empty when nothing does. */
const refusal = (point: Point) =>
  builtInShortfalls(point)
    .map(({ wrong, right }) => `${wrong}; ${right}`)
    .join()

test('windows that are not steady are refused with what would be right', () => {
  const auto = { min: 40, precision: 0.05 }
  const four = { conversation: { turns: 4, thinkMs: 0 } }
  assert.match(refusal(pointOf({ load: { ...load(auto, 400), warmup: 2 } })), /warmup: 2x/)
  assert.match(refusal(pointOf({ load: load(auto, 400), workload: four })), /warmup: 4x/)
  assert.equal(refusal(pointOf({ load: { ...load(auto, 400), warmup: 16 }, workload: four })), '')
  assert.match(refusal(pointOf({ load: { ...load(auto, 400), window: 'whole' } })), /remove window: whole/)
  assert.equal(refusal(pointOf({ load: load(auto, 400) })), '')
})

test('conversations that arrive at a rate are refused with the reason', () => {
  const level = { kind: 'rate', requestsPerS: 4, arrivals: { kind: 'poisson' } } as const
  const open = { ...load({ min: 40, precision: 0.05 }, 400), level }
  assert.match(refusal(pointOf({ load: open, workload: { conversation } })), /outlast the window/)
  assert.equal(refusal(pointOf({ load: open })), '')
})

/** Answers take less and less time to begin until a request, and then the same. */
const settling = (settled: number) =>
  scriptedServer((socket, _, n) => setTimeout(() => socket.write(answer(4)), 30 + Math.max(0, settled - n)))

test('a window waits until TTFT no longer falls, and what was sent before it is warm-up', async () => {
  await using server = await settling(120)
  const moving = { level, requests: 100, warmup: 8, autoWarmup: { max: 20_000 }, dataset: 50 }
  const measurement = await measureAt(server.url, { load: moving, threads: 2 })
  const { warmUp, warmupRequests = 0 } = measurement
  assert.equal(warmUp?.reason, 'steady')
  assert.equal(warmUp.max, 20_000)
  assert.ok(warmUp.requests > 8 && warmUp.requests % level.concurrency === 0, `${warmUp.requests} requests`)
  assert.equal(warmupRequests, warmUp.requests)
  assert.deepEqual(measurement.requests, { sent: 100, completed: 100, failed: 0 })
  assert.equal(measurement.window, 'steady')
  assert.ok(server.requests.length < 10_000, `${server.requests.length} requests were sent`)
  // The gaps of the window alone: three of each answer, and those of the round that it shares with others.
  const gaps = measurement.interChunkMs?.count ?? 0
  assert.ok(gaps >= 3 * 100 - 3 * 2 * level.concurrency && gaps <= 3 * 100 + 3 * 2 * level.concurrency, `${gaps} gaps`)
  // The time before the window is warm-up.
  assert.ok((measurement.besideWindowS?.warmup ?? 0) > 0.03 * (warmUp.requests / level.concurrency))
})

test('a TTFT that falls to the end is measured after the maximum, with the failures of the window alone', async () => {
  await using server = await scriptedServer((socket, _, n) =>
    setTimeout(() => (n < 8 ? socket.destroy() : socket.write(answer(4))), Math.max(5, 400 - 2 * n)),
  )
  const moving = { level, requests: 100, warmup: 8, autoWarmup: { max: 24 }, dataset: 50 }
  const measurement = await measureAt(server.url, { load: moving })
  assert.deepEqual(measurement.warmUp, { reason: 'max', requests: 24, max: 24 })
  assert.deepEqual(measurement.requests, { sent: 100, completed: 100, failed: 0 })
  assert.deepEqual(measurement.errors, [])
})

test('conversations and warmup: auto are refused with what would be right', () => {
  const four = { conversation: { turns: 4, thinkMs: 0 } }
  const autoWarmup = { max: 120 }
  const refused = refusal(pointOf({ load: { level, requests: 40, warmup: 16, autoWarmup }, workload: four }))
  assert.match(refused, /TTFT changes with their turns; write warmup: 4x/)
  assert.equal(refusal(pointOf({ load: { level, requests: 40, warmup: 16, autoWarmup } })), '')
})
