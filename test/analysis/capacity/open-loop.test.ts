import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../../src/analysis/analyse.ts'
import { dayShapes } from '../../../src/analysis/capacity/day-shape.ts'
import { planCapacity } from '../../../src/analysis/capacity/plan.ts'
import { responseAt } from '../../../src/analysis/capacity/rate-response.ts'
import { responseCurve } from '../../../src/analysis/capacity/response.ts'
import { servable } from '../../../src/analysis/capacity/servable.ts'
import { trafficOfTrace } from '../../../src/analysis/capacity/trace-traffic.ts'
import { contentId, createRandom, type Length, type Slo } from '../../../src/model/index.ts'
import { loadProfile } from '../../../src/simulator/profile.ts'
import { simulate } from '../../../src/simulator/simulate.ts'
import { disaggregated, runOf, syntheticRun } from '../../render/synthetic-run.ts'

/** The simulated engine in virtual time stands for a system that was measured: its truth at any load can be asked. */
const profile = await loadProfile('deepseek-r1-fp4-gb200')
const slo: Slo = { ttftP95Ms: 1000, itlP95Ms: 25 }
const [isl, osl]: readonly Length[] = [
  { kind: 'lognormal', mean: 2000, stddev: 1200 },
  { kind: 'lognormal', mean: 400, stddev: 240 },
]
assert.ok(isl !== undefined && osl !== undefined)
const workload = { name: 'chat', isl, osl }
const deployment = { topology: disaggregated(1, 1), engine: {} }

/** A closed-loop sweep of one deployment, each point simulated. */
function measured() {
  const shaped = syntheticRun({
    topologies: [deployment.topology],
    workloads: [[2000, 400]],
    concurrencies: [1, 4, 16, 32, 64, 128, 256],
    slo,
  })
  const results = shaped.results.map(result => {
    const { load } = result.point
    const point = { ...result.point, workload, id: contentId({ workload, load }) }
    const requests = Math.max(200, load.requests ?? 0)
    const measurement = simulate(
      { deployment, workload, level: load.level, requests, warmup: load.warmup, seed: 1 },
      profile,
    )
    return { ...result, point, measurement }
  })
  return analyse(runOf(results)).points
}

const points = measured()
const fleet = { gpusPerNode: 8, nodes: null, gpuPricePerHour: null, nodesLost: 0 }
const steady = {
  demand: { kind: 'peak', requestsPerS: 60 } as const,
  mix: [{ name: 'chat', share: 1, isl: 2000, osl: 400 }],
  day: dayShapes.flat,
  growthPerMonth: 0,
  months: 0,
}
const plan = planCapacity(points, { traffic: steady, slo, fleet })

/** The same traffic as a trace of ten minutes: arrivals at random, lengths of the workload. */
function recorded(requestsPerS: number) {
  const random = createRandom('trace')
  const count = Math.round(600 * requestsPerS)
  const gaps = random.fork('gaps')
  const lognormal = (mean: number, source: ReturnType<typeof createRandom>) => {
    const variance = Math.log(1 + 0.6 ** 2)
    return Math.max(1, Math.round(Math.exp(Math.log(mean) - variance / 2 + Math.sqrt(variance) * source.normal())))
  }
  const [inputs, outputs] = [random.fork('isl'), random.fork('osl')]
  const atMs = new Float64Array(count)
  for (let i = 1; i < count; i++) atMs[i] = (atMs[i - 1] ?? 0) + (1000 / requestsPerS) * gaps.exponential()
  return {
    count,
    atMs,
    inputTokens: Uint32Array.from({ length: count }, () => lognormal(2000, inputs)),
    outputTokens: Uint32Array.from({ length: count }, () => lognormal(400, outputs)),
    hashIds: null,
  }
}

/** What one of `replicas` sees when requests are dealt out in turn. */
function dealt(trace: ReturnType<typeof recorded>, replicas: number) {
  const own = <T extends Float64Array | Uint32Array>(column: T) => column.filter((_, i) => i % replicas === 0) as T
  const atMs = own(trace.atMs)
  return {
    count: atMs.length,
    atMs,
    inputTokens: own(trace.inputTokens),
    outputTokens: own(trace.outputTokens),
    hashIds: null,
  }
}

describe('a plan from a closed loop', () => {
  test('serves random traffic at its planned rate within 5 % of the SLO, and wastes no more than a seventh', () => {
    const most = plan.best?.requestsPerS ?? 0
    const at = (requestsPerS: number) =>
      simulate(
        {
          deployment,
          workload,
          level: { kind: 'rate', requestsPerS, arrivals: { kind: 'poisson' } },
          requests: 4000,
          warmup: 50,
          seed: 3,
        },
        profile,
      )
    const served = at(most)
    assert.ok((served.ttftMs?.p95 ?? 0) <= 1050, `TTFT p95 ${served.ttftMs?.p95}`)
    assert.ok((served.itlMs?.p95 ?? 0) <= 26.25, `ITL p95 ${served.itlMs?.p95}`)
    const over = at(most * 1.15)
    assert.ok((over.ttftMs?.p95 ?? 0) > 1000 || (over.itlMs?.p95 ?? 0) > 25)
  })
  test('predicts the ITL of open traffic at a load that was not measured, at most a fifth too high', () => {
    const best = plan.best?.classes[0]?.atPeak
    const requestsPerS = (plan.best?.utilisation ?? 0) * (plan.best?.requestsPerS ?? 0)
    const open = simulate(
      {
        deployment,
        workload,
        level: { kind: 'rate', requestsPerS, arrivals: { kind: 'poisson' } },
        requests: 4000,
        warmup: 50,
        seed: 5,
      },
      profile,
    )
    const apart = (best?.p95.itlMs ?? 0) / (open.itlMs?.p95 ?? 1) - 1
    assert.ok(apart > -0.05 && apart < 0.2, `ITL p95 is ${apart} off`)
  })
})

describe('a plan from an open loop', () => {
  /** The same deployment at rates instead of concurrencies; the heaviest is more than it can answer. */
  const rates = [2, 6, 10, 14, 18, 30]
  const shaped = syntheticRun({
    topologies: [deployment.topology],
    workloads: [[2000, 400]],
    concurrencies: rates,
    slo,
  })
  const results = shaped.results.map((result, i) => {
    const requestsPerS = rates[i] ?? 1
    const level = { kind: 'rate' as const, requestsPerS, arrivals: { kind: 'poisson' as const } }
    const load = { ...result.point.load, level }
    const measurement = simulate({ deployment, workload, level, requests: 2000, warmup: 50, seed: 2 }, profile)
    return { ...result, point: { ...result.point, workload, load, id: contentId({ load }) }, measurement }
  })
  const curve = responseCurve(analyse(runOf(results)).points)
  assert.ok(curve !== null)

  test('leaves out rates that it fell behind at', () => {
    assert.deepEqual(
      curve.steps.map(step => step.load),
      [2, 6, 10, 14, 18],
    )
  })
  test('lies between the last rate that met the SLO and the next, never above the truth', () => {
    const found = servable(curve, slo)
    assert.ok(
      found !== null && found.requestsPerS >= 10 && found.requestsPerS <= 14.5,
      JSON.stringify(found?.requestsPerS),
    )
  })
  test('is as measured at a measured rate, and silent beyond the heaviest', () => {
    const at = responseAt(curve, 10)
    assert.ok(Math.abs((at?.p95.itlMs ?? 0) / (curve.steps[2]?.latencies.itlMs?.[8] ?? 1) - 1) < 1e-3)
    assert.equal(responseAt(curve, 19), null)
  })
  test('says that more may be possible when no rate missed the SLO', () => {
    const lenient = servable(curve, { ttftP95Ms: 60_000, itlP95Ms: 1000 })
    assert.equal(lenient?.limit, 'heaviest load measured')
    assert.equal(lenient?.requestsPerS, 18)
  })
})

describe('steady traffic and its trace', () => {
  const trace = recorded(60)
  test('make the same plan', () => {
    const traced = planCapacity(points, {
      traffic: { ...steady, ...trafficOfTrace(trace, [{ name: 'chat', isl: 2000, osl: 400 }]) },
      slo,
      fleet,
    })
    const [a, b] = [plan.best, traced.best]
    assert.ok(a !== null && b !== null)
    assert.equal(b.deployment.id, a.deployment.id)
    // The busiest of ten minutes is a little above the mean.
    assert.ok(Math.abs(b.peakRequestsPerS / a.peakRequestsPerS - 1) < 0.08)
    assert.ok(Math.abs(b.replicas - a.replicas) <= 1)
  })
  test('agree when the trace is replayed in virtual time on a replica of the plan', () => {
    const { replicas = 1 } = plan.best ?? {}
    const replayed = simulate(
      {
        deployment,
        workload,
        level: { kind: 'trace', file: 'trace', speed: 1 },
        warmup: 0,
        seed: 1,
        trace: dealt(trace, replicas),
      },
      profile,
    )
    const steadily = simulate(
      {
        deployment,
        workload,
        level: { kind: 'rate', requestsPerS: 60 / replicas, arrivals: { kind: 'poisson' } },
        requests: 4000,
        warmup: 0,
        seed: 7,
      },
      profile,
    )
    for (const simulated of [replayed, steadily]) {
      assert.ok((simulated.ttftMs?.p95 ?? 0) <= 1000)
      assert.ok((simulated.itlMs?.p95 ?? 0) <= 26.25)
      const apart = (plan.best?.classes[0]?.atPeak?.p95.itlMs ?? 0) / (simulated.itlMs?.p95 ?? 1) - 1
      assert.ok(apart > -0.05 && apart < 0.2, `ITL p95 is ${apart} off`)
    }
    const itl = (replayed.itlMs?.p95 ?? 0) / (steadily.itlMs?.p95 ?? 1) - 1
    assert.ok(Math.abs(itl) < 0.05, `${itl} between trace and steady traffic in ITL p95`)
    const rate = replayed.requestsPerS / (60 / replicas) - 1
    assert.ok(Math.abs(rate) < 0.05, `${rate} off in requests/s`)
  })
})
