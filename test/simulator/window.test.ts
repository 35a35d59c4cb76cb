import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SimulatedPoint } from '../../src/simulator/simulate.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { profile } from './profile-under-test.ts'

const fixed = (tokens: number) => ({ kind: 'fixed', tokens }) as const
const mixed = (mean: number) => ({ kind: 'lognormal', mean, stddev: 0.6 * mean }) as const
const jittery = { ...profile, frontend: { ...profile.frontend, jitterMs: 2, firstChunkMs: 46 } }

function point(concurrency: number, rounds: number, more: Partial<SimulatedPoint> = {}): SimulatedPoint {
  return {
    deployment: { topology: { kind: 'disaggregated', prefill: 1, decode: 1 }, engine: {} },
    workload: { isl: mixed(2000), osl: mixed(400) },
    dataset: (2 + rounds) * concurrency,
    level: { kind: 'concurrency', concurrency },
    requests: rounds * concurrency,
    warmup: 2 * concurrency,
    seed: 1,
    ...more,
  }
}

describe('in virtual time a steady window of 10x', () => {
  const long = simulate(point(32, 100, { warmup: 640, dataset: 3840, seed: 2 }), jittery)

  test('has the TTFT p95 of a long run, where the whole run has its first wave’s', () => {
    const steady = simulate(point(32, 10), jittery)
    const whole = simulate(point(32, 10, { window: 'whole' }), jittery)
    const truth = long.ttftMs?.p95 ?? Number.NaN
    assert.ok(Math.abs((steady.ttftMs?.p95 ?? 0) / truth - 1) < 0.1, `${steady.ttftMs?.p95} of ${truth}`)
    assert.ok((whole.ttftMs?.p95 ?? 0) > 1.5 * truth, `${whole.ttftMs?.p95} of ${truth}`)
  })

  test('has the throughput of a long run within 1%, where the drain of a whole run takes from it', () => {
    const of = (window?: 'whole') =>
      simulate(point(32, 10, window === undefined ? {} : { window }), jittery).outputTokensPerS
    assert.ok(Math.abs(of() / long.outputTokensPerS - 1) < 0.01)
    assert.ok(of('whole') < 0.99 * long.outputTokensPerS)
  })

  test('measures as many requests as asked, and says how many came before', () => {
    const { requests, warmupRequests, window, whole } = simulate(point(32, 10), jittery)
    assert.deepEqual([requests.sent, warmupRequests, window, whole?.requests.sent], [320, 64, 'steady', 384])
  })

  test('is a whole run where the warm-up does not reach every slot', () => {
    assert.equal(simulate(point(32, 10, { warmup: 31 }), jittery).window, 'whole')
    assert.equal(simulate(point(32, 10, { warmup: 32 }), jittery).window, 'steady')
  })

  test('has the length of its duration, and only requests sent within it', () => {
    const { requests: _, ...timed } = point(32, 10)
    const { durationS, requests, requestsPerS } = simulate({ ...timed, durationS: 20 }, jittery)
    assert.equal(durationS, 20)
    assert.ok(Math.abs(requests.sent / 20 / requestsPerS - 1) < 0.1)
  })
})

describe('in virtual time an open loop', () => {
  const level = { kind: 'rate', requestsPerS: 5, arrivals: { kind: 'poisson' } } as const
  const open = (more: Partial<SimulatedPoint>) => {
    const { requests: _, dataset: __, ...common } = point(1, 1)
    return simulate({ ...common, workload: { isl: fixed(1000), osl: fixed(2000) }, level, warmup: 1, ...more }, jittery)
  }

  test('is loaded for a latency at least before its window, so that the window does not begin empty', () => {
    const { client, warmupRequests = 0, requestLatencyMs } = open({ durationS: 20 })
    const latencyS = (requestLatencyMs?.mean ?? 0) / 1000
    assert.ok(latencyS > 10, 'one request takes half of the window')
    assert.ok(warmupRequests >= latencyS * level.requestsPerS, `${warmupRequests} requests before`)
    assert.ok((client.inFlight?.mean ?? 0) > 0.8 * latencyS * level.requestsPerS)
  })

  test('measured whole begins empty', () => {
    const { client, requestLatencyMs } = open({ durationS: 20, window: 'whole', warmup: 0 })
    assert.ok((client.inFlight?.mean ?? 0) < 0.8 * ((requestLatencyMs?.mean ?? 0) / 1000) * level.requestsPerS)
  })

  test('keeps up where as many tokens leave in the window as are asked for', () => {
    const { outputTokensPerS } = open({ durationS: 60 })
    assert.ok(Math.abs(outputTokensPerS / (level.requestsPerS * 2000) - 1) < 0.12, `${outputTokensPerS}`)
  })
})
