import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Topology } from '../../src/model/index.ts'
import { FulcrumError } from '../../src/model/index.ts'
import type { SimulatedPoint } from '../../src/simulator/simulate.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { profile } from './profile-under-test.ts'

const fixed = (tokens: number) => ({ kind: 'fixed', tokens }) as const
const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })

function point(topology: Topology, isl: number, osl: number, concurrency: number, more: Partial<SimulatedPoint> = {}) {
  return {
    deployment: { topology, engine: {} },
    workload: { isl: fixed(isl), osl: fixed(osl) },
    level: { kind: 'concurrency', concurrency } as const,
    requests: 10 * concurrency,
    warmup: 2 * concurrency,
    seed: 100,
    ...more,
  }
}

const perGpu = (topology: Topology & { kind: 'disaggregated' }, isl: number, osl: number, concurrency: number) =>
  simulate(point(topology, isl, osl, concurrency), profile).outputTokensPerS /
  (4 * (topology.prefill + topology.decode))

describe("the guide's law, at a load that saturates", () => {
  const best = (isl: number, osl: number, concurrency: number) =>
    [disaggregated(3, 1), disaggregated(2, 1), disaggregated(1, 1), disaggregated(1, 2), disaggregated(1, 3)]
      .map(topology => topology as Topology & { kind: 'disaggregated' })
      .map(topology => ({ topology, tokens: perGpu(topology, isl, osl, concurrency) }))
      .reduce((a, b) => (a.tokens >= b.tokens ? a : b)).topology

  test('more prefill workers win per GPU at ISL 8000, OSL 256', () => {
    const winner = best(8000, 256, 256)
    assert.ok(winner.prefill > winner.decode)
  })
  test('more decode workers win per GPU at ISL 1000, OSL 1000', () => {
    const winner = best(1000, 1000, 1024)
    assert.ok(winner.decode > winner.prefill)
  })
})

describe('a prediction', () => {
  test('is the same for the same seed, and another for another', () => {
    const workload = { isl: { kind: 'lognormal', mean: 1000, stddev: 500 }, osl: fixed(50) } as const
    const run = (seed: number) => simulate(point(disaggregated(1, 1), 0, 0, 16, { workload, seed }), profile)
    assert.deepEqual(run(1), run(1))
    assert.notDeepEqual(run(1), run(2))
  })

  test('has tokens/s per user from decode time: of answers of one length 1000 over the mean ITL', () => {
    const { itlMs, outputTokensPerSPerUser } = simulate(point(disaggregated(1, 1), 1000, 100, 32), profile)
    const speed = 1000 / (itlMs?.mean ?? 0)
    assert.ok(Math.abs((outputTokensPerSPerUser?.mean ?? 0) / speed - 1) < 1e-4)
  })

  test('has no ITL and no decode speed of answers of one token, and counts them good by their TTFT', () => {
    const slo = { ttftP95Ms: 10_000, itlP95Ms: 1 }
    const measured = simulate(point(disaggregated(1, 1), 1000, 1, 4, { slo }), profile)
    assert.deepEqual([measured.itlMs, measured.outputTokensPerSPerUser], [null, null])
    assert.ok(Math.abs((measured.goodputPerS ?? 0) / measured.requestsPerS - 1) < 1e-9)
  })

  test('keeps the concurrency that was asked in flight', () => {
    const { inFlightMean, durationS, requests } = simulate(
      point(disaggregated(1, 1), 1000, 100, 8, { requests: 2000 }),
      profile,
    )
    assert.equal(requests.completed, 2000)
    // Every connection is busy but for the last requests, one request's latency at most.
    assert.ok(inFlightMean <= 8 && inFlightMean > 7.9, `${inFlightMean} over ${durationS} s`)
  })

  test("keeps Little's law in an open loop", () => {
    const level = { kind: 'rate', requestsPerS: 5, arrivals: { kind: 'poisson' } } as const
    const { inFlightMean, requestsPerS, requestLatencyMs } = simulate(
      point(disaggregated(1, 1), 1000, 100, 1, { level, requests: 5000 }),
      profile,
    )
    const wanted = requestsPerS * ((requestLatencyMs?.mean ?? 0) / 1000)
    assert.ok(Math.abs(inFlightMean - wanted) < 1e-3 * wanted)
    assert.ok(Math.abs(requestsPerS - 5) < 0.25)
  })

  test('never gets slower tokens out of less load, nor more throughput', () => {
    const levels = [1, 2, 4, 8, 16, 32, 64, 128]
    const runs = levels.map(concurrency => simulate(point(disaggregated(2, 1), 1000, 200, concurrency), profile))
    for (const [index, run] of runs.entries()) {
      const less = runs[index - 1]
      if (less === undefined) continue
      assert.ok((run.itlMs?.p50 ?? 0) >= (less.itlMs?.p50 ?? 0))
      assert.ok(run.outputTokensPerS > less.outputTokensPerS)
    }
  })

  test('says which side is the bottleneck', () => {
    const reading = simulate(point(disaggregated(1, 3), 8000, 32, 64), profile).busyShare
    const writing = simulate(point(disaggregated(3, 1), 100, 1000, 64), profile).busyShare
    assert.ok((reading.prefill ?? 0) > 0.95 && (writing.prefill ?? 1) < 0.2 && (writing.decode ?? 0) > 0.95)
  })

  test('waits in the queue for a batch that max_batch_size makes smaller', () => {
    const run = (max_batch_size: number) => {
      const deployment = { topology: disaggregated(1, 1), engine: { decode: { max_batch_size } } }
      return simulate(point(disaggregated(1, 1), 1000, 200, 64, { deployment }), profile)
    }
    const [small, large] = [run(8), run(64)]
    assert.ok((small.itlMs?.p50 ?? 0) < (large.itlMs?.p50 ?? 0))
    assert.ok((small.ttftMs?.p50 ?? 0) > 2 * (large.ttftMs?.p50 ?? 0))
  })

  test('counts requests that can never run as failed', () => {
    const deployment = { topology: disaggregated(1, 1), engine: { decode: { max_seq_len: 500 } } }
    const { requests, ttftMs } = simulate(point(disaggregated(1, 1), 1000, 10, 2, { deployment }), profile)
    assert.deepEqual([requests.completed, requests.failed, ttftMs], [0, 20, null])
  })

  test('is refused for a trace that was not read', () => {
    const level = { kind: 'trace', file: '/x', speed: 1 } as const
    assert.throws(
      () => simulate(point(disaggregated(1, 1), 10, 10, 1, { level }), profile),
      error => {
        return error instanceof FulcrumError && error.code === 'trace-missing'
      },
    )
  })
})
