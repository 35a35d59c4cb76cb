// Test part: long

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { hypervolume } from '../../src/analysis/hypervolume.ts'
import type { JournalLine, PointResult } from '../../src/journal/index.ts'
import type { Point } from '../../src/model/index.ts'
import { adaptive } from '../../src/search/adaptive.ts'
import { choiceOf } from '../../src/search/strategies.ts'
import { pointIds, resultOf, type SyntheticSystem, searchFrom, syntheticPlan } from './synthetic.ts'
import { bestUnderSlo, loads, measuredBoth, meetsSlo, place, ratios, resultsIn, systems, usual } from './systems.ts'

/** Each point the first so many times invalid. */
function invalidAtFirst(system: SyntheticSystem, times: number, isSpoilt: (point: Point) => boolean) {
  const measured = new Map<string, number>()
  return (point: Point): PointResult => {
    const time = (measured.get(point.id) ?? 0) + 1
    measured.set(point.id, time)
    const result = resultOf(point, system)
    return isSpoilt(point) && time <= times
      ? { ...result, status: 'invalid', reason: 'the client had no core' }
      : result
  }
}

describe('the adaptive search', () => {
  test('holds 99 % of the frontier of any system that keeps its assumptions', () => {
    fc.assert(
      fc.property(systems, system => {
        const { grid, found } = measuredBoth(system)
        assert.ok(hypervolume(found.map(place)) >= 0.99 * hypervolume(grid.map(place)))
      }),
      { numRuns: 100 },
    )
  })

  // Of 16,000 systems 29 fell short (docs/bench/search.md), hence the seed: no chance decides whether this passes.
  test('holds 97 % of the best throughput under the SLO of 99 in 100 systems that keep its assumptions', () => {
    const drawn = fc.sample(systems, { numRuns: 300, seed: 20261125 })
    const short = drawn.filter(system => {
      const { grid, found } = measuredBoth(system)
      return bestUnderSlo(found) < 0.97 * bestUnderSlo(grid)
    })
    assert.ok(short.length <= drawn.length / 100, JSON.stringify(short))
  })

  test('measures no point twice', () => {
    fc.assert(
      fc.property(systems, fc.integer({ min: 1, max: 3 }), (system, repeats) => {
        const ids = pointIds(
          searchFrom(syntheticPlan(ratios, loads, system, repeats), [], point => resultOf(point, system)),
        )
        assert.equal(new Set(ids).size, ids.length)
      }),
      { numRuns: 20 },
    )
  })

  test('goes on identically from any beginning of its journal', () => {
    fc.assert(
      fc.property(systems, fc.nat(), (system, cut) => {
        const plan = syntheticPlan(ratios, loads, system)
        const measure = (point: Parameters<typeof resultOf>[0]) => resultOf(point, system)
        const whole = searchFrom(plan, [], measure)
        const begun = whole.slice(0, cut % (whole.length + 1))
        assert.deepEqual(pointIds(searchFrom(syntheticPlan(ratios, loads, system), begun, measure)), pointIds(whole))
      }),
      { numRuns: 30 },
    )
  })

  test('needs fewer than a third of the points of a usual system', () => {
    const plan = syntheticPlan(ratios, loads, usual)
    const lines = searchFrom(plan, [], point => resultOf(point, usual))
    assert.ok(lines.length < plan.pointCount / 3, `${lines.length} of ${plan.pointCount}`)
  })

  test('measures an invalid point that it still wants once more, and no third time', () => {
    const plan = syntheticPlan(ratios, loads, usual)
    const timesOf = (lines: readonly JournalLine[], id: string) => pointIds(lines).filter(other => other === id).length
    const good = resultsIn(searchFrom(plan, [], point => resultOf(point, usual)))
    const best = good.filter(meetsSlo).reduce((a, b) => (place(b).y > place(a).y ? b : a)).point
    const isBest = (point: Point) => point.id === best.id
    const once = searchFrom(plan, [], invalidAtFirst(usual, 1, isBest))
    assert.equal(timesOf(once, best.id), 2)
    assert.equal(bestUnderSlo(resultsIn(once).filter(r => r.status === 'ok')), bestUnderSlo(good))
    assert.equal(timesOf(searchFrom(plan, [], invalidAtFirst(usual, 9, isBest)), best.id), 2)
  })

  test('measures each point once where none is valid', () => {
    const plan = syntheticPlan(ratios, loads, usual)
    const ids = pointIds(
      searchFrom(
        plan,
        [],
        invalidAtFirst(usual, 9, () => true),
      ),
    )
    assert.deepEqual([new Set(ids).size, ids.length], [plan.pointCount, plan.pointCount])
  })

  test('looks at the load past the best one, to see it exceed the SLO or not', () => {
    for (const system of fc.sample(systems, { numRuns: 50, seed: 7 })) {
      const { grid, found } = measuredBoth(system)
      const meeting = found.filter(meetsSlo)
      if (meeting.length === 0) continue
      const best = meeting.reduce((a, b) => (place(b).y > place(a).y ? b : a))
      const own = grid.filter(r => r.point.deployment.id === best.point.deployment.id)
      const next = own[own.findIndex(r => r.point.id === best.point.id) + 1]
      if (next === undefined || place(next).y < 1.1 * place(best).y) continue
      const isSeen = found.some(r => r.point.id === next.point.id)
      const farOver = 9 * (next.point.slo.ttftP95Ms ?? 0) < (next.measurement?.ttftMs?.p95 ?? 0)
      assert.ok(isSeen || farOver, JSON.stringify(system))
    }
  })

  test('begins with the heaviest load that gives no worker two requests', () => {
    const plan = syntheticPlan(ratios, loads, usual)
    const choice = adaptive(plan)
    const planned = choice.deployment([])
    assert.ok(planned !== null)
    assert.deepEqual(planned.deployment.topology, { kind: 'aggregated', workers: 2 })
    assert.deepEqual(choice.point(planned, [])?.load.level, { kind: 'concurrency', concurrency: 2 })
  })

  test('measures every repeat of what it recommends and of the best other deployment, and no other', () => {
    const plan = syntheticPlan(ratios, loads, usual, 3)
    const results = resultsIn(searchFrom(plan, [], point => resultOf(point, usual)))
    const meeting = results.filter(r => (r.measurement?.ttftMs?.p95 ?? 0) <= usual.ttftLimitMs)
    const byThroughput = meeting.toSorted((a, b) => place(b).y - place(a).y)
    const [best] = byThroughput
    const runnerUp = byThroughput.find(r => r.point.deployment.id !== best?.point.deployment.id)
    assert.ok(best && runnerUp)
    const resembles = (a: Point, b: Point) =>
      a.deployment.id === b.deployment.id && isDeepStrictEqual(a.load.level, b.load.level)
    const repeatsOf = ({ point }: PointResult) => results.filter(r => resembles(r.point, point)).length
    assert.deepEqual([repeatsOf(best), repeatsOf(runnerUp)], [3, 3])
    const isEither = ({ point }: PointResult) => [best, runnerUp].some(r => resembles(r.point, point))
    for (const other of results.filter(result => !isEither(result))) assert.equal(repeatsOf(other), 1)
  })

  test('says of every point that it left out why it cannot win', () => {
    const plan = syntheticPlan(ratios, loads, usual)
    const lines = searchFrom(plan, [], point => resultOf(point, usual))
    const leftOut = adaptive(plan)
      .skipped(lines)
      .flatMap(({ points }) => points)
    assert.equal(leftOut.flatMap(({ pointIds }) => pointIds).length, plan.pointCount - lines.length)
    for (const { reason, why } of leftOut) {
      assert.ok(['dominated', 'saturated', 'little'].includes(reason))
      assert.match(why, /^expected [\d.]+ tokens\/s per user and [\d.]+ per GPU/)
    }
  })

  test('says nothing of what it leaves out before its end', () => {
    const plan = syntheticPlan(ratios, loads, usual)
    const lines = searchFrom(plan, [], point => resultOf(point, usual))
    assert.deepEqual(adaptive(plan).skipped(lines.slice(0, -1)), [])
  })

  test('tells repeats that nothing rests on from load levels that were not measured', () => {
    const plan = syntheticPlan(ratios, loads, usual, 3)
    const lines = searchFrom(plan, [], point => resultOf(point, usual))
    const measured = new Set(pointIds(lines))
    for (const { points } of adaptive(plan).skipped(lines)) {
      for (const { pointIds: ids, reason } of points) {
        assert.ok(ids.every(id => !measured.has(id)))
        assert.equal(reason === 'repeat', ids.length === 2)
      }
    }
  })

  test('leaves nothing out where no point is valid: there is nothing to learn from', () => {
    const plan = syntheticPlan(ratios, loads, usual)
    const lines = searchFrom(plan, [], point => ({
      point,
      status: 'failed',
      reason: 'no answer',
      findings: [],
      measurement: null,
    }))
    assert.equal(lines.length, plan.pointCount)
  })
})

test('a grid wants every point, in the plan’s order', () => {
  const plan = syntheticPlan(ratios, loads, usual, 2)
  const gridPlan = { ...plan, sweep: { ...plan.sweep, search: 'grid' as const } }
  const lines = searchFrom(gridPlan, [], point => resultOf(point, usual), choiceOf(gridPlan))
  assert.deepEqual(
    pointIds(lines),
    plan.deployments.flatMap(({ points }) => points.map(point => point.id)),
  )
})
