// Test part: unit

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Deployment, Workload } from '../../src/model/index.ts'
import { isOneEach, seriesOf } from '../../src/search/cells.ts'
import { observe } from '../../src/search/observe.ts'
import { predictor } from '../../src/search/predict.ts'
import type { Plan } from '../../src/spec/sweep.ts'
import { resultOf, type SyntheticSystem, searchFrom, syntheticPlan } from './synthetic.ts'
import { loads, ratios, resultsIn, systems, usual } from './systems.ts'

/** The plan with another workload in all its points. */
function withWorkload(plan: Plan, change: Partial<Workload>): Plan {
  const deployments = plan.deployments.map(planned => ({
    ...planned,
    points: planned.points.map(point => ({ ...point, workload: { ...point.workload, ...change } })),
  }))
  return { ...plan, deployments }
}

/** The least SLO ratios expected of a plan whose only measured points give each worker one request. */
function leastExpected(plan: Plan, system: SyntheticSystem): readonly number[] {
  const cells = seriesOf(plan).flat()
  const seen = cells.filter(isOneEach).flatMap(cell => {
    const results = cell.repeats.map(point => [point.id, [resultOf(point, system)]] as const)
    return observe(cell, new Map(results)) ?? []
  })
  const predict = predictor(seen)
  return cells.flatMap(cell => {
    const predicted = predict(cell)
    return predicted === null ? [] : Math.exp(predicted.sloRatio.mean - predicted.sloRatio.deviation)
  })
}

describe('idle workers', () => {
  const missing = systems.map(system => ({ ...system, ttftLimitMs: (1000 * system.prefillS) / 1.5 }))

  test('that miss the SLO by half let no other load of theirs be expected to meet it', () => {
    fc.assert(
      fc.property(missing, system => {
        for (const least of leastExpected(syntheticPlan(ratios, loads, system), system)) assert.ok(least >= 1.34)
      }),
      { numRuns: 50 },
    )
  })

  test('bound nothing where requests differ or may be found in a cache', () => {
    const [system] = fc.sample(missing, { numRuns: 1, seed: 1 })
    assert.ok(system !== undefined)
    const plan = syntheticPlan(ratios, loads, system)
    const others: readonly Partial<Workload>[] = [
      { osl: { kind: 'lognormal', mean: 100, stddev: 50 } },
      { prefix: { share: 0.5, count: 1 } },
      { conversation: { turns: 3, thinkMs: 0 } },
    ]
    for (const other of others)
      assert.ok(Math.min(...leastExpected(withWorkload(plan, other), system)) < 1.34, JSON.stringify(other))
  })
})

describe('workers of which others of the same GPUs were measured', () => {
  /** Concurrency of the first point of a second deployment that differs from the first in this. */
  function firstLoadOf(change: Partial<Deployment>): number | undefined {
    const plan = syntheticPlan([{ kind: 'aggregated', workers: 1 }], loads, usual)
    const [first] = plan.deployments
    assert.ok(first !== undefined)
    const deployment = { ...first.deployment, ...change, id: 'second' }
    const points = first.points.map(point => ({ ...point, id: `second ${point.id}`, deployment }))
    const both = { ...plan, deployments: [first, { deployment, points }] }
    const measured = resultsIn(searchFrom(both, [], point => resultOf(point, usual)))
    const level = measured.find(({ point }) => point.deployment.id === 'second')?.point.load.level
    return level?.kind === 'concurrency' ? level.concurrency : undefined
  }

  test('begin at a middle load, as one request alone shows nothing new', () => {
    assert.equal(firstLoadOf({ engine: { aggregated: { max_batch_size: 64 } } }), 16)
  })

  test('begin at the lightest load if their GPUs are others', () => {
    assert.equal(firstLoadOf({ gpusPerWorker: { prefill: 1, decode: 1, aggregated: 2 } }), 1)
  })
})
