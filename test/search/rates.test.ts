// Test part: unit

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Topology } from '../../src/model/index.ts'
import { type Cell, seriesOf } from '../../src/search/cells.ts'
import { type Observation, observe } from '../../src/search/observe.ts'
import { rateBound } from '../../src/search/rates.ts'
import { resultOf, syntheticPlan } from './synthetic.ts'
import { usual } from './systems.ts'

const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })
const ratios = [disaggregated(1, 1), disaggregated(2, 3), disaggregated(4, 1)]
const cells = seriesOf(syntheticPlan(ratios, [1, 18, 62], usual)).flat()

function cellOf(prefill: number, decode: number, load: number): Cell {
  const found = cells.find(c => c.prefill.workers === prefill && c.decode.workers === decode && c.load === load)
  assert.ok(found !== undefined)
  return found
}

/** A measurement of a cell with this throughput and TTFT. */
function measured(cell: Cell, requestsPerS: number, ttftMs: number): Observation {
  const [point] = cell.repeats
  assert.ok(point !== undefined)
  const result = resultOf(point, usual)
  assert.ok(result.measurement !== null)
  const flat = { ...result.measurement.ttftMs, mean: ttftMs, p95: ttftMs } as typeof result.measurement.ttftMs
  const measurement = { ...result.measurement, requestsPerS, outputTokensPerS: requestsPerS * usual.osl, ttftMs: flat }
  const observation = observe(cell, new Map([[point.id, [{ ...result, measurement }]]]))
  assert.ok(observation !== null)
  return observation
}

test('workers are not bounded below what they were seen to do, though a queue makes their deployment look saturated', () => {
  const seen = [
    measured(cellOf(1, 1, 1), 7.2, 57),
    measured(cellOf(1, 1, 62), 45.4, 1210),
    // Its queue is just long enough to count, and both of its pools have done more elsewhere.
    measured(cellOf(2, 3, 18), 71.6, 190),
    measured(cellOf(4, 1, 62), 167, 155),
  ]
  const { most } = rateBound(seen, new Map([[cellOf(1, 1, 1).prefill.kind, 0.057]]))
  assert.ok(most(cellOf(4, 1, 62)) >= 167, `4P1D at most ${most(cellOf(4, 1, 62))} requests/s, of which it did 167`)
})
