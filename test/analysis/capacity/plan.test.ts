import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '../../../src/analysis/analyse.ts'
import { dayShapes } from '../../../src/analysis/capacity/day-shape.ts'
import { planCapacity } from '../../../src/analysis/capacity/plan.ts'
import type { CapacityQuestion } from '../../../src/analysis/capacity/question.ts'
import { syntheticRun } from '../../render/synthetic-run.ts'

const { points } = analyse(syntheticRun({ concurrencies: [1, 4, 16, 64, 128] }))
const long = { name: '8000/256', share: 1, isl: 8000, osl: 256 }
const short = { name: '1000/1000', share: 1, isl: 1000, osl: 1000 }

interface Change {
  readonly traffic?: Partial<CapacityQuestion['traffic']>
  readonly slo?: CapacityQuestion['slo']
  readonly fleet?: Partial<CapacityQuestion['fleet']>
}

function question({ traffic, slo, fleet }: Change = {}): CapacityQuestion {
  return {
    traffic: {
      demand: { kind: 'peak', requestsPerS: 20 },
      mix: [long],
      day: dayShapes.flat,
      growthPerMonth: 0,
      months: 0,
      ...traffic,
    },
    slo: slo ?? { ttftP95Ms: 2000, itlP95Ms: 20 },
    fleet: { gpusPerNode: 8, nodes: null, gpuPricePerHour: 2, nodesLost: 1, ...fleet },
  }
}

const answer = (change: Change = {}) => {
  const plan = planCapacity(points, question(change))
  assert.ok(plan.best !== null)
  return { ...plan, best: plan.best }
}

describe('a capacity plan', () => {
  test('still serves the peak with a node lost', () => {
    const { best } = answer()
    assert.ok(best.spare.replicasLost >= 1)
    assert.ok(best.spare.requestsPerS >= best.peakRequestsPerS - 1e-6)
  })
  test('needs fewer nodes when none may be lost, and says that none may', () => {
    const without = answer({ fleet: { nodesLost: 0 } })
    assert.ok(without.best.nodes < answer().best.nodes)
    assert.ok(without.caveats.some(line => line.startsWith('The plan has no spare node')))
  })
  test('says plainly that nothing measured meets an SLO, and why each deployment does not', () => {
    const plan = planCapacity(points, question({ slo: { itlP95Ms: 1 } }))
    assert.equal(plan.best, null)
    assert.equal(plan.candidates.length, 0)
    assert.equal(plan.refused.length, new Set(points.map(point => point.deployment.id)).size)
    for (const { why } of plan.refused) assert.match(why, /misses the SLO with 8000\/256 at its lightest load/)
  })
  test('names what too few nodes would serve', () => {
    const { best } = answer()
    const plan = planCapacity(points, question({ fleet: { nodes: best.nodes - 1 } }))
    assert.equal(plan.best, null)
    assert.ok(plan.most !== null && plan.most.peakRequestsPerS < 20 && plan.most.candidate.nodes < best.nodes)
  })
  test('takes the deployment of fewest nodes', () => {
    const { best, candidates } = answer()
    assert.equal(best.nodes, Math.min(...candidates.map(candidate => candidate.nodes)))
  })
  test('costs whole nodes all day, spread over the tokens of a mean hour', () => {
    const { best } = answer({ traffic: { day: dayShapes.office } })
    const mean = dayShapes.office.reduce((sum, factor) => sum + factor, 0) / 24
    assert.equal(best.cost.perHour, best.nodes * 8 * 2)
    assert.ok(Math.abs(best.cost.perMillionOutput - best.cost.perHour / ((20 * mean * 256 * 3600) / 1e6)) < 1e-9)
  })
  test('counts a month as 730 hours of the day that is planned for, all nodes running', () => {
    const { best } = answer({ traffic: { day: dayShapes.office, busiestHour: 0.5 } })
    const meanPerS = 20 * 0.5 * (dayShapes.office.reduce((sum, factor) => sum + factor, 0) / 24)
    const { hours, requests, outputTokens, cost } = best.cost.month
    assert.equal(hours, 730)
    assert.equal(cost, 730 * best.cost.perHour)
    assert.ok(Math.abs(requests / (meanPerS * 3600 * 730) - 1) < 1e-9)
    assert.ok(Math.abs(outputTokens / (requests * 256) - 1) < 1e-9)
    assert.ok(Math.abs((cost / outputTokens) * 1e6 - best.cost.perMillionOutput) < 1e-9)
  })
  test('splits cost by role only where roles have GPUs of their own', () => {
    for (const { cost, deployment } of answer().candidates)
      assert.equal(cost.byRole === null, deployment.topology.kind === 'aggregated')
  })
  test('reads the mean of a day as less than its peak', () => {
    const peak = (demand: CapacityQuestion['traffic']['demand']) =>
      answer({ traffic: { demand, day: dayShapes.office } }).best.peakRequestsPerS
    assert.equal(peak({ kind: 'peak', requestsPerS: 5 }), 5)
    assert.ok(peak({ kind: 'mean', requestsPerS: 5 }) > 9)
  })
  test('counts users by thinking time and latency together', () => {
    const { best } = answer({ traffic: { demand: { kind: 'users', users: 100, thinkS: 10 } } })
    assert.ok(best.peakRequestsPerS < 10 && best.peakRequestsPerS > 7)
  })
  test('holds for the traffic after the growth asked for, and tells each month', () => {
    const { best, months } = answer({ traffic: { growthPerMonth: 0.1, months: 6 } })
    assert.ok(Math.abs(best.peakRequestsPerS - 20 * 1.1 ** 6) < 1e-9)
    assert.equal(months.length, 7)
    assert.equal(months.at(-1)?.nodes, best.nodes)
    assert.ok(months.every((month, i) => i === 0 || month.nodes >= (months[i - 1]?.nodes ?? 0)))
  })
  test('names every measured point under it, those at the limit first', () => {
    const { best, evidence } = answer()
    assert.equal(evidence[0]?.use, 'limit')
    assert.ok(evidence.every(({ point }) => point.deployment.id === best.deployment.id))
    assert.equal(evidence.length, 5)
  })
  test('says at the limit only where the limit was reached', () => {
    const { evidence } = answer({ slo: { ttftP95Ms: 1e9, itlP95Ms: 1e9 } })
    assert.equal(evidence[0]?.use, 'heaviest')
    assert.ok(evidence.every(({ use }) => use !== 'limit'))
  })
  test('marks lengths that were not measured, and never makes longer requests cheaper', () => {
    const longer = answer({ traffic: { mix: [{ name: 'longer', share: 1, isl: 12_000, osl: 300 }] } })
    assert.ok(longer.caveats.some(line => line.startsWith('EXTRAPOLATED') && line.includes('longer')))
    assert.ok(longer.best.nodes >= answer().best.nodes)
    assert.ok(answer().caveats.every(line => !line.startsWith('EXTRAPOLATED')))
  })
  test('of a mix lies between those of its kinds', () => {
    const alone = [long, short].map(kind => answer({ traffic: { mix: [kind] } }).best)
    const [a, b] = alone.map(best => best.requestsPerS)
    const mixed = answer({
      traffic: {
        mix: [
          { ...long, share: 0.5 },
          { ...short, share: 0.5 },
        ],
      },
    })
    const same = mixed.candidates.find(one => one.deployment.id === alone[0]?.deployment.id)
    const own = planCapacity(points, question({ traffic: { mix: [short] } })).candidates.find(
      one => one.deployment.id === alone[0]?.deployment.id,
    )
    assert.ok(a !== undefined && b !== undefined && same !== undefined && own !== undefined)
    assert.ok(Math.abs(1 / same.requestsPerS - (0.5 / a + 0.5 / own.requestsPerS)) < 1e-9)
    assert.ok(mixed.caveats.some(line => line.includes('time shares')))
  })
  test('moves one assumption at a time, each both ways', () => {
    const { sensitivity, best } = answer()
    assert.deepEqual(
      [...new Set(sensitivity.map(one => one.assumption))],
      ['traffic', 'ISL', 'OSL', 'TTFT p95 limit', 'ITL p95 limit', 'GPU price'],
    )
    const of = (assumption: string, by: number) =>
      sensitivity.find(one => one.assumption === assumption && one.by === by)
    assert.ok((of('traffic', 0.2)?.best?.nodes ?? 0) >= best.nodes)
    assert.ok((of('traffic', -0.2)?.best?.nodes ?? 0) < best.nodes)
    assert.ok(Math.abs((of('GPU price', 0.2)?.best?.cost.perHour ?? 0) - 1.2 * best.cost.perHour) < 1e-9)
  })
  test('read at the bad end of the repeats’ intervals needs no fewer nodes; without repeats that is not known', () => {
    assert.equal(answer().cautious, 'unknown')
    const repeated = analyse(syntheticRun({ concurrencies: [1, 4, 16, 64, 128], repeats: 3 })).points
    const { best, cautious } = planCapacity(repeated, question())
    assert.ok(best !== null && cautious !== null && cautious !== 'unknown')
    assert.ok(cautious.requestsPerS < best.requestsPerS)
    assert.ok(cautious.nodes >= best.nodes)
  })
  test('never needs fewer nodes for more traffic or a tighter SLO', () => {
    const nodes = (requestsPerS: number, itlP95Ms: number) =>
      planCapacity(
        points,
        question({ traffic: { demand: { kind: 'peak', requestsPerS } }, slo: { ttftP95Ms: 2000, itlP95Ms } }),
      ).candidates[0]?.nodes ?? Number.POSITIVE_INFINITY
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 200, noNaN: true }),
        fc.double({ min: 6, max: 30, noNaN: true }),
        (rate, itl) => {
          assert.ok(nodes(rate * 1.5, itl) >= nodes(rate, itl))
          assert.ok(nodes(rate, itl * 0.9) >= nodes(rate, itl))
        },
      ),
      { numRuns: 4 },
    )
  })
})
