import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SimulatedPoint, simulate } from '../../src/simulator/simulate.ts'
import { profile } from './profile-under-test.ts'

const lognormal = (mean: number, stddev: number) => ({ kind: 'lognormal', mean, stddev }) as const

const point = (more: Partial<SimulatedPoint> = {}): SimulatedPoint => ({
  deployment: { topology: { kind: 'aggregated', workers: 1 }, engine: {} },
  workload: { isl: lognormal(500, 200), osl: lognormal(50, 20) },
  level: { kind: 'concurrency', concurrency: 8 },
  requests: 800,
  auto: { min: 80, precision: 0.05 },
  warmup: 16,
  seed: 1,
  slo: { ttftP95Ms: 60_000 },
  ...more,
})

test('a simulated point stops when its figures are known, and is the point of so many requests', () => {
  const { stopping, ...stopped } = simulate(point(), profile)
  assert.equal(stopping?.reason, 'settled')
  assert.ok((stopping?.requests ?? 800) < 800, `${stopping?.requests} requests`)
  assert.equal(stopped.requests.sent, stopping?.requests)
  const { auto: _, ...fixed } = point({ requests: stopping?.requests ?? 0 })
  assert.deepEqual(stopped, simulate(fixed, profile))
})

test('with fewer prompts than the longest run has requests, it stops by the requests that it measures', () => {
  const { stopping, ...stopped } = simulate(point({ dataset: 100, slo: { ttftP95Ms: 1 } }), profile)
  assert.equal(stopped.requests.sent, stopping?.requests)
})

test('the interval that a point was stopped by holds its figures', () => {
  const { stopping, ttftMs, outputTokensPerS, outputTokensPerSPerUser } = simulate(
    point({ slo: { ttftP95Ms: 1 } }),
    profile,
  )
  const of = {
    ttft_p95_ms: ttftMs?.p95,
    output_tokens_per_s: outputTokensPerS,
    output_tokens_per_s_per_user: outputTokensPerSPerUser?.mean,
  }
  for (const [name, value] of Object.entries(of)) {
    const figure = stopping?.figures.find(each => each.figure === name)
    assert.ok(figure?.low != null && figure.high !== null && value != null, name)
    // A measurement's percentiles are those of buckets 0.4% wide.
    assert.ok(
      figure.low * 0.99 <= value && value <= figure.high * 1.01,
      `${name}: ${value} in ${figure.low}–${figure.high}`,
    )
  }
})

test('requests that take too long are lost and seen to be', () => {
  const { stopping, requests } = simulate(point({ timeoutMs: 0.001 }), profile)
  assert.equal(requests.completed, 0)
  assert.equal(stopping?.requests, 80)
})

test('a precision out of reach takes the most requests and says so', () => {
  const { stopping, requests } = simulate(point({ requests: 160, auto: { min: 80, precision: 1e-6 } }), profile)
  assert.equal(requests.sent, 160)
  assert.equal(stopping?.reason, 'max')
  assert.ok(stopping?.figures.some(({ state }) => state === 'open'))
})

test('the rule has no say in a window that is not steady', () => {
  const { stopping, requests } = simulate(point({ warmup: 2 }), profile)
  assert.equal(stopping, undefined)
  assert.equal(requests.sent, 800)
})

test('a simulated open loop stops when its figures are known, and is the point of so many requests', () => {
  const level = { kind: 'rate', requestsPerS: 4, arrivals: { kind: 'poisson' } } as const
  const open = point({ level, requests: 20_000, auto: { min: 400, precision: 0.2 } })
  const { stopping, ...stopped } = simulate(open, profile)
  assert.equal(stopping?.reason, 'settled')
  assert.ok((stopping?.requests ?? 20_000) < 20_000)
  assert.equal(stopped.requests.sent, stopping?.requests)
  assert.equal(stopped.window, 'steady')
  // Tokens/s of the rate, whatever arrived in this window.
  const rate = stopping?.figures.find(({ figure }) => figure === 'output_tokens_per_s')
  const asked = 4 * (stopped.osl?.mean ?? 0)
  assert.ok(rate?.low != null && rate.high !== null && rate.low <= asked * 1.02 && asked * 0.98 <= rate.high)
})

/** Fixed lengths: slots that start together stay together. */
const alike = (more: Partial<SimulatedPoint> = {}): SimulatedPoint => {
  const { auto: _, ...fixed } = point({
    deployment: { topology: { kind: 'disaggregated', prefill: 1, decode: 1 }, engine: {} },
    workload: { isl: { kind: 'fixed', tokens: 1000 }, osl: { kind: 'fixed', tokens: 200 } },
    level: { kind: 'concurrency', concurrency: 16 },
    requests: 160,
    warmup: 32,
    slo: {},
    ...more,
  })
  return fixed
}
const jittery = { ...profile, frontend: { ...profile.frontend, jitterMs: 2 } }

test('a window that waits until TTFT no longer falls begins later, and is that of a warm-up of so many requests', () => {
  const { warmUp, ...waited } = simulate(alike({ autoWarmup: { max: 480 } }), jittery)
  assert.equal(warmUp?.reason, 'steady')
  assert.ok(warmUp.requests > 32 && warmUp.requests <= 480 && warmUp.requests % 16 === 0, `${warmUp.requests} requests`)
  assert.equal(waited.warmupRequests, warmUp.requests)
  assert.deepEqual(waited, simulate(alike({ warmup: warmUp.requests }), jittery))
  const early = simulate(alike(), jittery)
  assert.ok((waited.ttftMs?.p95 ?? 0) < (early.ttftMs?.p95 ?? 0))
})

test('a warm-up that reaches its maximum says so, and measures what comes then', () => {
  const found = Array.from({ length: 20 }, (_, seed) => simulate(alike({ autoWarmup: { max: 48 }, seed }), jittery))
  const atMost = found.filter(({ warmUp }) => warmUp?.reason === 'max')
  assert.ok(atMost.length > 0)
  for (const { warmUp, requests } of atMost) {
    assert.deepEqual(warmUp, { reason: 'max', requests: 48, max: 48 })
    assert.equal(requests.sent, 160)
  }
})

test('wherever such a window begins, it has the lengths of every other', () => {
  const mixed = { workload: { isl: lognormal(500, 300), osl: lognormal(100, 60) }, dataset: 640 }
  const means = [32, 48, 272, 480].map(warmup => {
    // A maximum of as many leaves nothing to find.
    const { isl, osl } = simulate(alike({ ...mixed, warmup, autoWarmup: { max: warmup } }), profile)
    return [isl?.mean, osl?.mean]
  })
  assert.equal(new Set(means.map(String)).size, 1)
})

test('mixed lengths do not wait for long', () => {
  const mixed = { workload: { isl: lognormal(1000, 600), osl: lognormal(200, 120) }, dataset: 640 }
  const rounds = Array.from({ length: 20 }, (_, seed) => {
    const { warmUp } = simulate(alike({ ...mixed, autoWarmup: { max: 480 }, seed }), jittery)
    return (warmUp?.requests ?? 0) / 16
  }).sort((a, b) => a - b)
  assert.equal(rounds[10], 2)
})

const talk = (more: Partial<SimulatedPoint> = {}) =>
  point({
    workload: { isl: lognormal(500, 200), osl: lognormal(50, 20), conversation: { turns: 4, thinkMs: 500 } },
    requests: 3200,
    auto: { min: 320, precision: 0.05 },
    warmup: 32,
    ...more,
  })

test('simulated conversations stop when their figures are known, all of them whole', () => {
  const { stopping, ...stopped } = simulate(talk(), profile)
  assert.equal(stopping?.reason, 'settled')
  assert.ok((stopping?.requests ?? 3200) < 3200, `${stopping?.requests} requests`)
  assert.equal(stopped.requests.sent, Math.ceil((stopping?.requests ?? 0) / 4) * 4)
  const { auto: _, ...fixed } = talk({ requests: stopping?.requests ?? 0 })
  assert.deepEqual(stopped, simulate(fixed, profile))
})

test('simulated conversations whose answers take too long are missed as a whole, and stop at the first look', () => {
  const { stopping, requests } = simulate(talk({ timeoutMs: 0.001 }), profile)
  assert.equal(requests.completed, 0)
  assert.equal(stopping?.requests, 320)
})

test('simulated conversations that never get precise end at the most', () => {
  const { stopping, requests } = simulate(talk({ requests: 640, auto: { min: 320, precision: 1e-6 } }), profile)
  assert.equal(requests.sent, 640)
  assert.equal(stopping?.reason, 'max')
})
