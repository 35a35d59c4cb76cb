import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { minimise } from '../../../src/analysis/twin/minimise.ts'

/** A line through points: slope and height, in units of very different size. */
const xs = [1, 2, 3, 4, 5, 6, 7, 8]
const line = (ys: readonly number[]) => (values: readonly number[]) =>
  xs.map((x, row) => (values[0] ?? 0) * x + 1000 * (values[1] ?? 0) - (ys[row] ?? 0))
const search = (ys: readonly number[], more: Partial<Parameters<typeof minimise>[0]> = {}) =>
  minimise({
    residuals: line(ys),
    start: [0, 0],
    low: [-10, -10],
    high: [10, 10],
    step: [0.01, 0.0001],
    outlier: 0.5,
    iterations: 20,
    ...more,
  })

describe('a search by robust least squares', () => {
  test('finds what made the residuals', () => {
    const { values, loss } = search(xs.map(x => 2 * x + 5))
    assert.ok(Math.abs((values[0] ?? 0) - 2) < 0.01 && Math.abs((values[1] ?? 0) - 0.005) < 1e-4)
    assert.ok(loss < 0.01)
  })

  test('is not bent by one point that is far off', () => {
    const { values } = search(xs.map(x => 2 * x + 5 + (x === 6 ? 40 : 0)))
    assert.ok(Math.abs((values[0] ?? 0) - 2) < 0.1)
  })

  test('stays within its bounds', () => {
    const { values } = search(
      xs.map(x => 2 * x),
      { high: [1.5, 10] },
    )
    assert.ok((values[0] ?? 2) <= 1.5)
  })
})
