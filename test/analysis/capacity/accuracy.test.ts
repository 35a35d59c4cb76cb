// Test part: long

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../../src/analysis/analyse.ts'
import { planCapacity } from '../../../src/analysis/capacity/plan.ts'
import { responseCurve } from '../../../src/analysis/capacity/response.ts'
import { servable, ttftRange } from '../../../src/analysis/capacity/servable.ts'
import { contentId, type LoadLevel, type Slo, type Topology, type Workload } from '../../../src/model/index.ts'
import { loadProfile } from '../../../src/simulator/profile.ts'
import { simulate } from '../../../src/simulator/simulate.ts'
import { aggregated, disaggregated, runOf, syntheticRun } from '../../render/synthetic-run.ts'

/** The simulated engine in virtual time stands for a system that was measured: its truth at any load can be asked. */
const profile = await loadProfile('deepseek-r1-fp4-gb200')

/** Lengths that vary as traffic's do. */
function mixed(isl: number, osl: number): Workload {
  const length = (mean: number) => ({ kind: 'lognormal' as const, mean, stddev: 0.6 * mean })
  return { name: `${isl}/${osl}`, isl: length(isl), osl: length(osl) }
}

const poisson = (requestsPerS: number): LoadLevel => ({ kind: 'rate', requestsPerS, arrivals: { kind: 'poisson' } })

function simulated(
  topology: Topology,
  workload: Workload,
  level: LoadLevel,
  more: { readonly requests?: number; readonly durationS?: number; readonly seed?: number },
) {
  const warmup = level.kind === 'concurrency' ? 2 * level.concurrency : 50
  return simulate({ deployment: { topology, engine: {} }, workload, level, warmup, seed: 1, ...more }, profile)
}

/** Points of one deployment, one for each load. */
function measured(
  topology: Topology,
  workload: Workload,
  slo: Slo,
  levels: readonly LoadLevel[],
  more: Parameters<typeof simulated>[3],
) {
  const shape = syntheticRun({
    topologies: [topology],
    workloads: [[1, 1]],
    concurrencies: levels.map((_, i) => i + 1),
    slo,
  })
  const results = shape.results.map((result, i) => {
    const level = levels[i] ?? poisson(1)
    const load = { ...result.point.load, level }
    const point = { ...result.point, workload, load, id: contentId({ load, workload }) }
    const requests = level.kind === 'concurrency' ? Math.max(1500, 20 * level.concurrency) : undefined
    return {
      ...result,
      point,
      measurement: simulated(topology, workload, level, { ...(requests ? { requests } : {}), ...more }),
    }
  })
  return analyse(runOf(results)).points
}

/** The most random traffic within the SLO: long runs, bisected. */
function truth(topology: Topology, workload: Workload, slo: Slo, most: number): number {
  let [low, high] = [0, most]
  for (let i = 0; i < 7; i++) {
    const middle = (low + high) / 2
    const { ttftMs, itlMs } = simulated(topology, workload, poisson(middle), { requests: 6000, seed: 7 })
    const met = (ttftMs?.p95 ?? 0) <= (slo.ttftP95Ms ?? Infinity) && (itlMs?.p95 ?? 0) <= (slo.itlP95Ms ?? Infinity)
    if (met) low = middle
    else high = middle
  }
  return (low + high) / 2
}

describe('the capacity that a closed loop tells for lengths that vary, limited by TTFT', () => {
  const closed = [1, 2, 4, 8, 16, 32, 64, 128].map((concurrency): LoadLevel => ({ kind: 'concurrency', concurrency }))
  for (const [what, topology, workload, ttftP95Ms] of [
    ['one prefill worker', disaggregated(1, 1), mixed(8000, 256), 1000],
    ['two prefill workers', disaggregated(2, 1), mixed(8000, 256), 1000],
    ['two decode workers', disaggregated(1, 2), mixed(4000, 100), 600],
    ['an aggregated worker, whose closed loop hides the queue of prompts', aggregated(1), mixed(4000, 100), 1000],
    ['one prefill worker with little time to wait', disaggregated(1, 1), mixed(8000, 256), 600],
    ['an aggregated worker with little time to wait', aggregated(1), mixed(8000, 256), 600],
  ] as const)
    test(`is within 10 % of what random traffic shows: ${what}`, () => {
      const slo = { ttftP95Ms }
      const points = measured(topology, workload, slo, closed, {})
      const curve = responseCurve(points)
      const told = curve && servable(curve, slo)
      assert.ok(told !== null)
      assert.equal(told.limit, 'ttftMs')
      const real = truth(topology, workload, slo, 1.6 * told.requestsPerS)
      assert.ok(Math.abs(told.requestsPerS / real - 1) < 0.1, `${told.requestsPerS} told, ${real} served`)
    })
})

test('a TTFT limit that leaves little room to wait in is said, one that leaves more is not', () => {
  const workload = mixed(4000, 100)
  const closed = [1, 4, 16, 64].map((concurrency): LoadLevel => ({ kind: 'concurrency', concurrency }))
  const points = measured(disaggregated(1, 1), workload, {}, closed, {})
  const alone = points[0]?.figures.ttft_p95_ms?.mean ?? 0
  const caveat = (times: number) =>
    planCapacity(points, {
      traffic: {
        demand: { kind: 'peak', requestsPerS: 3 },
        mix: [{ name: 'chat', share: 1, isl: 4000, osl: 100 }],
        day: Array.from({ length: 24 }, () => 1),
        growthPerMonth: 0,
        months: 0,
      },
      slo: { ttftP95Ms: times * alone },
      fleet: { gpusPerNode: 8, nodes: null, gpuPricePerHour: null, nodesLost: 0 },
    }).caveats.find(line => line.includes('this leaves little time for waiting'))
  assert.equal(caveat(3), undefined)
  assert.match(
    caveat(1.5) ?? '',
    /known to ±\d+(\.\d+)?%, which leaves [\d.]+ to [\d.]+ requests\/s per replica\. An open loop decides: load: \{ request_rate: \[[\d., ]+\] \} with about 1,225 requests each\.$/,
  )
})

test('the range that a tight TTFT limit leaves holds the capacity, and is narrower for more requests', () => {
  const closed = [1, 2, 4, 8, 16].map((concurrency): LoadLevel => ({ kind: 'concurrency', concurrency }))
  const curveOf = (requests: number) =>
    responseCurve(measured(disaggregated(1, 1), mixed(4000, 100), {}, closed, { requests }))
  const [few, many] = [curveOf(200), curveOf(2000)]
  assert.ok(few && many)
  for (const ttftP95Ms of [260, 300, 350]) {
    const widths = [few, many].map(curve => {
      const told = servable(curve, { ttftP95Ms })?.requestsPerS ?? 0
      const [low, high] = ttftRange(curve, { ttftP95Ms })
      assert.ok(low <= told && told <= high, `${low} to ${high} for ${told}`)
      return (high - low) / told
    })
    assert.ok((widths[1] ?? 1) < 0.7 * (widths[0] ?? 0), `${widths}`)
  }
})

describe('an open loop', () => {
  const topology = disaggregated(1, 1)
  const workload = mixed(2000, 400)
  const slo = { ttftP95Ms: 1000, itlP95Ms: 25 }
  const rates = [4, 8, 10, 12, 14, 16, 20].map(poisson)
  const real = truth(topology, workload, slo, 25)
  const planOf = (durationS: number, seed: number) =>
    planCapacity(measured(topology, workload, slo, rates, { durationS, seed }), {
      traffic: {
        demand: { kind: 'peak', requestsPerS: 30 },
        mix: [{ name: 'chat', share: 1, isl: 2000, osl: 400 }],
        day: Array.from({ length: 24 }, () => 1),
        growthPerMonth: 0,
        months: 0,
      },
      slo,
      fleet: { gpusPerNode: 8, nodes: null, gpuPricePerHour: null, nodesLost: 0 },
    })
  test('of 60 s says that it is too short for 5 %, by how much, and how long it would take', () => {
    const { best, caveats, cautious } = planOf(60, 1)
    const [only] = best?.classes ?? []
    assert.ok(only?.alone.precision && only.alone.precision.relative > 0.05)
    const said = caveats.find(line => line.startsWith('The open loop with chat is too short'))
    assert.match(said ?? '', /leave ±\d+(\.\d+)?%, .+ It takes about 4,900 requests at each load: \d+ s/)
    assert.ok(cautious !== null && cautious !== 'unknown')
    assert.ok(cautious.requestsPerS < only.alone.requestsPerS)
  })
  test('of 60 s is no farther from the truth than it says, in seven of eight runs at least', () => {
    const off = [1, 2, 3, 4, 5, 6, 7, 8].map(seed => {
      const { requestsPerS, precision } = planOf(60, seed).best?.classes[0]?.alone ?? {
        requestsPerS: 0,
        precision: null,
      }
      return { requestsPerS, inside: Math.abs(requestsPerS / real - 1) <= (precision?.relative ?? 0) }
    })
    assert.ok(off.filter(({ inside }) => inside).length >= 7, JSON.stringify({ real, off }))
  })
  test('that is long enough is within 5 % and says nothing of the kind', () => {
    const { best, caveats } = planOf(900, 1)
    assert.ok(Math.abs((best?.requestsPerS ?? 0) / real - 1) < 0.05, `${best?.requestsPerS} of ${real}`)
    assert.ok(!caveats.some(line => line.includes('too short')))
  })
})
