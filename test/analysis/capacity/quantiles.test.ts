import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  momentsOf,
  shareBelow,
  shareBelowDelayed,
  valueAtRank,
  withoutTop,
} from '../../../src/analysis/capacity/quantiles.ts'
import { createRandom } from '../../../src/model/index.ts'

/** Uniform between 0 and 100. */
const uniform = [0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100]
const rising = fc
  .array(fc.double({ min: 0, max: 1e4, noNaN: true }), { minLength: 11, maxLength: 11 })
  .map(values => values.toSorted((a, b) => a - b))

describe('quantiles', () => {
  test('tell the share of requests below a limit', () => {
    assert.deepEqual(
      [-1, 0, 30, 97, 100, 200].map(limit => shareBelow(uniform, limit)),
      [0, 0, 0.3, 0.97, 1, 1],
    )
  })
  test('lose their slowest tenth', () => {
    const without = withoutTop(uniform, 0.1)
    assert.ok(Math.abs((without[5] ?? 0) - 45) < 1e-9)
    assert.ok(Math.abs((without.at(-1) ?? 0) - 90) < 1e-9)
  })
  test('have the mean and mean square of the straight lines between them', () => {
    const { mean, squared } = momentsOf(uniform)
    assert.ok(Math.abs(mean - 50) < 1e-9)
    assert.ok(Math.abs(squared - 10_000 / 3) < 1e-2)
  })
  test('with a wait meet a limit as often as the sum of both does', () => {
    const random = createRandom('waits')
    fc.assert(
      fc.property(
        rising,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 5000 }),
        (values, delayed, meanMs) => {
          const limit = (values[8] ?? 0) + meanMs
          const told = shareBelowDelayed(values, limit, { delayed, meanMs })
          let met = 0
          for (let i = 0; i < 4000; i++) {
            const value = valueAtRank(Math.max(1e-9, random.uniform()), at => shareBelow(values, at))
            if (value + (random.uniform() < delayed ? meanMs * random.exponential() : 0) <= limit) met += 1
          }
          assert.ok(Math.abs(told - met / 4000) < 0.04, `${told} for ${met / 4000}`)
        },
      ),
      { numRuns: 15 },
    )
  })
  test('are found again from the share below each', () => {
    fc.assert(
      fc.property(rising, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (values, rank) => {
        const value = valueAtRank(rank, limit => shareBelow(values, limit))
        assert.ok(shareBelow(values, value + 1e-6 * value) >= rank - 1e-6)
        const below = value * (1 - 1e-5) - 1e-6
        assert.ok(below < 0 || shareBelow(values, below) <= rank + 1e-9)
      }),
    )
  })
})
