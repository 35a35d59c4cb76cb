// Test part: unit

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { seriesOf } from '../../src/search/cells.ts'
import { expectedGain, knowledgeOf } from '../../src/search/knowledge.ts'
import { observe } from '../../src/search/observe.ts'
import { resultOf, syntheticPlan } from './synthetic.ts'
import { loads, ratios, usual } from './systems.ts'

describe('where the best point misses the SLO by 31%', () => {
  const plan = syntheticPlan(ratios, loads, { ...usual, ttftLimitMs: (1000 * usual.prefillS) / 1.31 })
  const [cell] = seriesOf(plan).flat()
  const [point] = cell?.repeats ?? []
  assert.ok(cell !== undefined && point !== undefined)
  const observation = observe(cell, new Map([[point.id, [resultOf(point, usual)]]]))
  assert.ok(observation !== null)
  const known = knowledgeOf([observation])
  const predicted = known.predict(cell)
  assert.ok(predicted !== null)
  const gainAt = (ratio: number, deviation: number) =>
    expectedGain(known, { ...predicted, sloRatio: { mean: Math.log(ratio), deviation } })

  test('a cell that is expected to be equal gains nothing, however uncertain it is', () => {
    assert.ok(Math.abs(observation.sloRatio - 1.31) < 1e-9)
    for (const deviation of [0, 0.02, 0.2]) assert.equal(gainAt(1.32, deviation), 0)
  })

  test('a cell that is expected to be nearer to the SLO gains what it is nearer', () =>
    assert.ok(Math.abs(gainAt(1.18, 0.02) - (1 - 1.18 / 1.31)) < 1e-9))

  test('a cell that may meet the SLO gains all', () => assert.equal(gainAt(1.18, 0.2), 1))
})
