import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../../src/analysis/analyse.ts'
import { dayShapes } from '../../../src/analysis/capacity/day-shape.ts'
import { planCapacity } from '../../../src/analysis/capacity/plan.ts'
import { predictedCurves } from '../../../src/analysis/capacity/predicted-curve.ts'
import { replayRecorded, replaySteady } from '../../../src/analysis/capacity/replay.ts'
import { responseCurve } from '../../../src/analysis/capacity/response.ts'
import { servable } from '../../../src/analysis/capacity/servable.ts'
import type { Twin } from '../../../src/analysis/twin/index.ts'
import { neutralParameters } from '../../../src/analysis/twin/parameters.ts'
import { rangeOf } from '../../../src/analysis/twin/range.ts'
import { createRandom } from '../../../src/model/index.ts'
import { loadProfile } from '../../../src/simulator/profile.ts'
import { disaggregated } from '../../render/synthetic-run.ts'
import { virtualRun } from '../tune/virtual-run.ts'

const profile = await loadProfile('deepseek-r1-fp4-gb200')
const slo = { ttftP95Ms: 1000, itlP95Ms: 25 }
const { points } = analyse(
  virtualRun(profile, {
    topologies: [disaggregated(1, 1), disaggregated(2, 1)],
    workloads: [
      [4000, 200],
      [1000, 500],
    ],
    concurrencies: [1, 4, 16, 32, 64, 128],
    slo,
  }),
)

/** What was measured came from this very profile: a twin without error. */
const twin: Twin = {
  schema: 1,
  fittedAt: '',
  fulcrumVersion: '',
  run: null,
  points: points.length,
  model: { name: 'nvidia/DeepSeek-R1-FP4', tokenizer: 'builtin:deepseek-v3' },
  gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
  profile,
  parameters: neutralParameters,
  routing: 'round-robin',
  range: rangeOf(points),
  errors: { fitted: {}, heldOutPoints: {}, heldOutTopologies: {} },
  notes: [],
}
const mix = [
  { name: '4000/200', share: 0.5, isl: 4000, osl: 200 },
  { name: '1000/500', share: 0.5, isl: 1000, osl: 500 },
]
const { best } = planCapacity(points, {
  traffic: {
    demand: { kind: 'peak', requestsPerS: 40 },
    mix,
    day: dayShapes.flat,
    growthPerMonth: 0,
    months: 0,
  },
  slo,
  fleet: { gpusPerNode: 4, nodes: null, gpuPricePerHour: null, nodesLost: 0 },
})
assert.ok(best !== null)

/** Five minutes of the same traffic, recorded. */
function recorded() {
  const random = createRandom('recorded')
  const count = 300 * 40
  const atMs = new Float64Array(count)
  for (let i = 1; i < count; i++) atMs[i] = (atMs[i - 1] ?? 0) + 25 * random.exponential()
  const kinds = Array.from({ length: count }, () => mix[random.integer(2)])
  return {
    count,
    atMs,
    inputTokens: Uint32Array.from(kinds, kind => kind?.isl ?? 1),
    outputTokens: Uint32Array.from(kinds, kind => kind?.osl ?? 1),
    hashIds: null,
  }
}

describe('a plan for a mix, replayed by a twin', () => {
  const steady = replaySteady(twin, best, slo)
  const trace = replayRecorded(twin, best, recorded(), slo)

  test('keeps the SLO with all kinds of request together, though each was measured alone', () => {
    assert.equal(steady.meetsSlo, true, JSON.stringify(steady.p95))
    assert.equal(trace.meetsSlo, true, JSON.stringify(trace.p95))
  })
  test('has the same rate and ITL for steady traffic and for its trace, and no more TTFT', () => {
    const apart = (a: number | null, b: number | null) => Math.abs((a ?? 0) / (b ?? 1) - 1)
    assert.ok(apart(trace.requestsPerS, steady.requestsPerS) < 0.05, `${trace.requestsPerS} ${steady.requestsPerS}`)
    assert.ok(apart(trace.p95.itlMs, steady.p95.itlMs) < 0.08, `${trace.p95.itlMs} ${steady.p95.itlMs}`)
    // Dealt out in turn, a trace comes to each replica more evenly than random traffic does: it queues less, never
    // more.
    assert.ok((trace.p95.ttftMs ?? 0) < 1.1 * (steady.p95.ttftMs ?? 0), `${trace.p95.ttftMs} ${steady.p95.ttftMs}`)
  })
  test('says when a plan would miss the SLO', () => {
    assert.equal(replaySteady(twin, { ...best, peakRequestsPerS: 3 * best.peakRequestsPerS }, slo).meetsSlo, false)
  })
})

describe('the curve of lengths that a twin predicts', () => {
  const predict = predictedCurves(twin)
  const own = points.filter(point => point.label === '1P1D' && point.workload.name === '4000/200')
  const near = responseCurve(own)
  assert.ok(near !== null)

  test('is the measured one for the lengths that were measured', () => {
    const again = predict(near, { isl: 4000, osl: 200 })
    const [measured, predicted] = [servable(near, slo), again && servable(again, slo)]
    const apart = (predicted?.requestsPerS ?? 0) / (measured?.requestsPerS ?? 1) - 1
    assert.ok(Math.abs(apart) < 0.1, `${apart} apart`)
  })
  test('says what scaling can’t: how much shorter requests bring', () => {
    const mixed = (isl: number) => {
      const wanted = [{ name: 'other', share: 1, isl, osl: 200 }]
      const traffic = {
        demand: { kind: 'peak' as const, requestsPerS: 40 },
        mix: wanted,
        day: dayShapes.flat,
        growthPerMonth: 0,
        months: 0,
      }
      const question = { traffic, slo, fleet: { gpusPerNode: 4, nodes: null, gpuPricePerHour: null, nodesLost: 0 } }
      return planCapacity(own, question, predict).candidates[0]
    }
    const [shorter, longer] = [mixed(3000), mixed(6000)]
    assert.ok(shorter !== undefined && longer !== undefined)
    assert.ok(shorter.requestsPerS > 1.2 * longer.requestsPerS)
    assert.match(shorter.classes[0]?.carriedOver ?? '', /predicted by the twin at the loads of 4000\/200/)
  })
})
