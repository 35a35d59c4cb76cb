// Test part: unit

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seriesOf } from '../../src/search/cells.ts'
import { knowledgeOf } from '../../src/search/knowledge.ts'
import { observe } from '../../src/search/observe.ts'
import { shortlist } from '../../src/search/shortlist.ts'
import { resultOf, syntheticPlan } from './synthetic.ts'
import { loads, usual } from './systems.ts'

const plan = syntheticPlan([{ kind: 'disaggregated', prefill: 1, decode: 1 }], loads, { ...usual, ttftLimitMs: 100 })
const cells = seriesOf(plan).flat()

/** The loads on the list once these are measured, each with a share of its true throughput. */
function wantedAfter(measured: ReadonlyMap<number, number>): readonly (number | null)[] {
  const seen = cells.flatMap(cell => {
    const share = measured.get(cell.load ?? 0)
    const [point] = cell.repeats
    if (share === undefined || point === undefined) return []
    const result = resultOf(point, usual)
    const { measurement } = result
    if (measurement === null) return []
    const { requestsPerS, outputTokensPerS } = measurement
    const noisy = {
      ...measurement,
      requestsPerS: (requestsPerS ?? 0) * share,
      outputTokensPerS: (outputTokensPerS ?? 0) * share,
    }
    return observe(cell, new Map([[point.id, [{ ...result, measurement: noisy }]]])) ?? []
  })
  const open = cells.filter(({ load }) => !measured.has(load ?? 0))
  const known = new Map(seen.map(({ cell }) => [cell.workload, knowledgeOf(seen)]))
  const cost = { redeployS: 1, pointS: 1, measuring: () => 1 }
  return shortlist(open, known, cost, []).map(({ cell }) => cell.load)
}

test('past a load that saturates its workers, heavier ones add nothing to the frontier, whatever noise suggests', () => {
  const unsaturated = new Map(loads.filter(load => load <= 16).map(load => [load, 1]))
  assert.deepEqual(
    wantedAfter(new Map([...unsaturated, [96, 0.97]])).filter(load => (load ?? 0) > 96),
    [],
  )
})
