// Test part: load

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { drawLengths } from '../../src/metrics/statistics/lengths.ts'
import type { LoadLevel } from '../../src/model/index.ts'
import { createRandom } from '../../src/model/index.ts'
import type { Profile } from '../../src/simulator/profile.ts'
import type { TraceRequests } from '../../src/simulator/request-source.ts'
import type { SimulatedPoint } from '../../src/simulator/simulate.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { simulateAll } from '../../src/simulator/simulations.ts'
import { profile } from './profile-under-test.ts'

const fixed = (tokens: number) => ({ kind: 'fixed', tokens }) as const
const constant = { kind: 'constant' } as const

function point(level: LoadLevel, more: Partial<SimulatedPoint> = {}): SimulatedPoint {
  return {
    deployment: { topology: { kind: 'aggregated', workers: 1 }, engine: {} },
    workload: { isl: fixed(500), osl: fixed(20) },
    level,
    warmup: 0,
    seed: 1,
    ...more,
  }
}

function trace(
  rows: readonly (readonly [atMs: number, input: number, output: number, ids?: readonly number[]])[],
): TraceRequests {
  return {
    count: rows.length,
    atMs: Float64Array.from(rows, row => row[0]),
    inputTokens: Uint32Array.from(rows, row => row[1]),
    outputTokens: Uint32Array.from(rows, row => row[2]),
    hashIds: rows.every(row => row[3] === undefined) ? null : rows.map(row => row[3] ?? []),
  }
}

describe('in virtual time an open loop', () => {
  test('follows its stages and ends with them', () => {
    const stages = [
      { requestsPerS: 10, durationS: 10, jump: true },
      { requestsPerS: 0, durationS: 10, jump: false },
    ]
    const { requests, durationS } = simulate(point({ kind: 'stages', stages, arrivals: constant }), profile)
    // 10 s at 10/s, then half of that while the rate falls to none.
    assert.ok(Math.abs(requests.completed - 150) <= 1)
    assert.ok(durationS > 18 && durationS < 20)
  })

  test('measured whole, has a window that begins with its first request', () => {
    const level: LoadLevel = { kind: 'rate', requestsPerS: 0.1, arrivals: { kind: 'poisson' } }
    const { durationS, requestLatencyMs } = simulate(point(level, { requests: 1, window: 'whole' }), profile)
    assert.ok(Math.abs(durationS * 1000 - (requestLatencyMs?.mean ?? 0)) < 0.01)
  })

  test('holds at most max_concurrency in flight, and counts latency from the schedule all the same', () => {
    const level: LoadLevel = { kind: 'rate', requestsPerS: 100, arrivals: constant, maxConcurrency: 4 }
    const { client, ttftMs, fromSend, requests } = simulate(point(level, { requests: 200 }), profile)
    assert.equal(client.inFlight?.max, 4)
    assert.equal(requests.completed, 200)
    assert.ok((ttftMs?.p95 ?? 0) > 5 * (fromSend?.ttftMs?.p95 ?? Number.POSITIVE_INFINITY))
    assert.ok((client.sendLatenessMs?.max ?? 0) > 1000)
  })

  test('sends nothing after its duration, and gives up what still runs after the grace', () => {
    const level: LoadLevel = { kind: 'rate', requestsPerS: 50, arrivals: constant }
    const { requests, errors, durationS } = simulate(
      point(level, { durationS: 10, graceS: 1, window: 'whole', workload: { isl: fixed(4000), osl: fixed(20) } }),
      profile,
    )
    assert.equal(requests.sent, 500)
    assert.ok(requests.completed > 0)
    assert.deepEqual(
      errors.map(({ kind, count }) => [kind, count]),
      [['cancelled', requests.failed]],
    )
    assert.equal(durationS, 11)
  })

  test('counts requests that take longer than the timeout, and goes on without them', () => {
    const level: LoadLevel = { kind: 'rate', requestsPerS: 50, arrivals: constant }
    const workload = { isl: fixed(4000), osl: fixed(2) }
    const { requests, errors, requestLatencyMs } = simulate(
      point(level, { requests: 500, timeoutMs: 2000, window: 'whole', workload }),
      profile,
    )
    assert.equal(requests.completed + requests.failed, 500)
    assert.equal(errors[0]?.kind, 'timeout')
    assert.ok((requestLatencyMs?.max ?? Number.POSITIVE_INFINITY) <= 2000)
  })
})

describe('in virtual time a trace', () => {
  const level: LoadLevel = { kind: 'trace', file: 'trace.jsonl', speed: 1 }

  test('is replayed request by request at its own times', () => {
    const rows = [0, 1000, 5000].map((atMs, index) => [atMs, 100 * (index + 1), 2] as const)
    const { isl, osl, requests, durationS } = simulate(point(level, { trace: trace(rows) }), profile)
    assert.deepEqual([isl?.min, isl?.max, osl?.mean, requests.completed], [100, 300, 2, 3])
    assert.ok(durationS > 5 && durationS < 5.1)
  })

  test('goes as many times as fast as asked', () => {
    const rows = [0, 1000, 5000].map(atMs => [atMs, 100, 2] as const)
    const { durationS } = simulate(point({ ...level, speed: 5 }, { trace: trace(rows) }), profile)
    assert.ok(durationS > 1 && durationS < 1.1)
  })

  test('finds computed what an earlier prompt began with, unless reuse is off', () => {
    const ids = Array.from({ length: 15 }, (_, index) => index)
    const rows = [0, 1000].map((atMs, index) => [atMs, 8000, 1, [...ids, 100 + index]] as const)
    const run = (enable_block_reuse?: false) => {
      const settings = enable_block_reuse === undefined ? {} : { kv_cache_config: { enable_block_reuse } }
      const deployment = { topology: { kind: 'aggregated', workers: 1 }, engine: { aggregated: settings } } as const
      return simulate(point(level, { deployment, trace: trace(rows) }), profile)
    }
    assert.ok((run().ttftMs?.min ?? 0) < 0.4 * (run().ttftMs?.max ?? 0))
    assert.equal(run(false).ttftMs?.min, run(false).ttftMs?.max)
  })

  test('gets nothing from a cache that has no room', () => {
    const prompt = (first: number) => Array.from({ length: 15 }, (_, index) => first + index)
    const rows = [0, 100, 0].map((first, index) => [index * 1000, 7680, 1, prompt(first)] as const)
    const ttft = (max_tokens: number) => {
      const engine = { aggregated: { kv_cache_config: { max_tokens } } }
      const deployment = { topology: { kind: 'aggregated', workers: 1 }, engine } as const
      return simulate(point(level, { deployment, trace: trace(rows) }), profile).ttftMs
    }
    const [roomy, tight] = [ttft(100_000), ttft(8000)]
    assert.ok((roomy?.min ?? 0) < 0.4 * (roomy?.max ?? 0))
    assert.equal(tight?.min, tight?.max)
  })
})

describe('in virtual time a closed loop', () => {
  const closed: LoadLevel = { kind: 'concurrency', concurrency: 4 }

  test('ends with its duration when no number of requests was asked', () => {
    const { durationS, requests } = simulate(point(closed, { durationS: 5 }), profile)
    assert.ok(durationS >= 5 && durationS < 6 && requests.completed > 20)
  })

  test('has the lengths that the built-in generator gives its prompts', () => {
    const isl = { kind: 'lognormal', mean: 400, stddev: 300 } as const
    const told = simulate(
      point(closed, { workload: { isl, osl: fixed(2) }, requests: 50, dataset: 50, seed: 5 }),
      profile,
    )
    const drawn = drawLengths(isl, 50, createRandom(5).fork('isl'))
    assert.equal(
      told.totals.inputTokens,
      drawn.reduce((sum, tokens) => sum + tokens, 0),
    )
    assert.deepEqual([told.isl?.min, told.isl?.max], [Math.min(...drawn), Math.max(...drawn)])
  })

  test('finds a prompt computed that it sent before, when there are fewer prompts than requests', () => {
    const ttft = (dataset: number) =>
      simulate(
        point(
          { kind: 'concurrency', concurrency: 1 },
          { workload: { isl: fixed(4000), osl: fixed(2) }, requests: 20, dataset },
        ),
        profile,
      ).ttftMs?.p50 ?? 0
    assert.ok(ttft(5) < 0.5 * ttft(20))
  })

  test('sends workloads of a mix by their weights', () => {
    const mix = [
      { workload: { isl: fixed(100), osl: fixed(2) }, weight: 3 },
      { workload: { isl: fixed(500), osl: fixed(2) }, weight: 1 },
    ]
    const { isl, deviation } = simulate(point(closed, { workload: mix, requests: 4000 }), profile)
    assert.ok(Math.abs((isl?.mean ?? 0) - 200) < 10)
    // Which workload a request is of is drawn: its length is no deviation from the mean of all.
    assert.equal(deviation.isl, null)
  })

  test('sends the turns of a conversation one after the other, each with all that was said before', () => {
    const workload = { isl: fixed(100), osl: fixed(10), conversation: { turns: 3, thinkMs: 1000 } }
    const { isl, requests, durationS } = simulate(
      point({ kind: 'concurrency', concurrency: 1 }, { workload, requests: 6 }),
      profile,
    )
    assert.deepEqual([requests.completed, isl?.min, isl?.p50, isl?.max], [6, 100, isl?.p50, 320])
    assert.ok(durationS > 4)
  })

  test('finds the shared prefix of its prompts computed', () => {
    const ttft = (share: number) => {
      const workload = { isl: fixed(4000), osl: fixed(2), prefix: { share, count: 2 } }
      return simulate(point({ kind: 'concurrency', concurrency: 1 }, { workload, requests: 50 }), profile).ttftMs?.p50
    }
    assert.ok((ttft(0.8) ?? 0) < 0.5 * (ttft(0) ?? 0))
  })

  test('gives the same however it is run', async () => {
    const points = [1, 2, 8].map(concurrency => point({ kind: 'concurrency', concurrency }, { requests: 50 }))
    const signal = AbortSignal.timeout(60_000)
    const atOnce = await simulateAll(points, profile, { signal, threads: 2 })
    assert.deepEqual(
      atOnce,
      points.map(one => simulate(one, profile)),
    )
  })
})

describe('a first chunk that is held back', () => {
  const held: Profile = { ...profile, frontend: { ...profile.frontend, firstChunkMs: 40 } }
  const level: LoadLevel = { kind: 'concurrency', concurrency: 1 }
  const run = (using: Profile, topology: SimulatedPoint['deployment']['topology']) =>
    simulate(point(level, { deployment: { topology, engine: {} }, requests: 10 }), using)

  test('comes later than its token and the last chunk does not: ITL is that of the tokens behind it', () => {
    const topology = { kind: 'disaggregated', prefill: 1, decode: 1 } as const
    const [with40, without] = [run(held, topology), run(profile, topology)]
    assert.ok((with40.ttftMs?.p50 ?? 0) > 30 + (without.ttftMs?.p50 ?? 0))
    assert.ok(Math.abs((with40.itlMs?.p50 ?? 0) / (without.itlMs?.p50 ?? 0) - 1) < 0.01)
    assert.equal(with40.ttstMs?.p50, 0)
    assert.ok(Math.abs(with40.outputTokensPerS / without.outputTokensPerS - 1) < 1e-9)
  })

  test('is not held on a connection that was quiet: it acknowledges at once', () => {
    const deployment = { topology: { kind: 'disaggregated', prefill: 1, decode: 1 }, engine: {} } as const
    const ttft = (requestsPerS: number) => {
      const rate: LoadLevel = { kind: 'rate', requestsPerS, arrivals: constant, maxConcurrency: 1 }
      return simulate(point(rate, { deployment, requests: 20, warmup: 1 }), held).fromSend?.ttftMs?.p50 ?? 0
    }
    // One connection: at 1/s it is quiet for most of a second, at 100/s never.
    assert.ok(ttft(100) > 30 + ttft(1))
  })

  test('is no matter of aggregated workers', () => {
    const topology = { kind: 'aggregated', workers: 1 } as const
    assert.deepEqual(run(held, topology), run(profile, topology))
  })
})
