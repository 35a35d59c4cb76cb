import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { meanOf, mixtureQuantile, shareBelow, withoutTop } from '../../../src/analysis/capacity/quantiles.ts'

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
  test('have the mean of the straight lines between them', () => {
    assert.ok(Math.abs(meanOf(uniform) - 50) < 1e-9)
  })
  test('of a mixture of equals are those of each', () => {
    fc.assert(
      fc.property(rising, values => {
        const mixed = mixtureQuantile(
          [
            { weight: 2, quantiles: values },
            { weight: 0.5, quantiles: values },
          ],
          0.95,
        )
        assert.ok(shareBelow(values, mixed + 1e-6 * mixed) >= 0.95 - 1e-6)
        assert.ok(mixed <= (values[8] ?? 0) * (1 + 1e-5) + 1e-9)
      }),
    )
  })
  test('of a mixture lie between those of its parts', () => {
    fc.assert(
      fc.property(rising, rising, (a, b) => {
        const mixed = mixtureQuantile(
          [
            { weight: 1, quantiles: a },
            { weight: 1, quantiles: b },
          ],
          0.95,
        )
        const [low, high] = [Math.min(a[8] ?? 0, b[8] ?? 0), Math.max(a[8] ?? 0, b[8] ?? 0)]
        assert.ok(mixed >= low * (1 - 1e-5) - 1e-9 && mixed <= high * (1 + 1e-5) + 1e-9)
      }),
    )
  })
})
