import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { distributionOf } from '../../src/metrics/distribution.ts'

test('percentiles are linear between ranks and the deviation has ddof 0, as numpy gives', () => {
  // numpy.percentile([15, 20, 35, 40, 50], [1, 5, …]) and numpy.std of the same.
  const of5 = distributionOf(Float64Array.of(50, 15, 40, 20, 35))
  assert.ok(of5 !== null)
  assert.equal(of5.mean, 32)
  assert.ok(Math.abs(of5.stddev - 12.884098726725126) < 1e-12)
  assert.deepEqual([of5.min, of5.p25, of5.p50, of5.p75, of5.max], [15, 20, 35, 40, 50])
  assert.ok(Math.abs(of5.p95 - 48) < 1e-12)
  assert.ok(Math.abs(of5.p99 - 49.6) < 1e-12)
  assert.ok(Math.abs(of5.p10 - 17) < 1e-12)
})

test('nothing has no distribution', () => {
  assert.equal(distributionOf(new Float64Array(0)), null)
})

test('NaN marks a value that is not there and is not counted', () => {
  assert.equal(distributionOf(Float64Array.of(Number.NaN, 3, Number.NaN))?.count, 1)
  assert.equal(distributionOf(Float64Array.of(Number.NaN)), null)
})

test('the values handed in stay as they are', () => {
  const values = Float64Array.of(3, 1, 2)
  distributionOf(values)
  assert.deepEqual([...values], [3, 1, 2])
})

test('percentiles never fall and stay between the extremes', () => {
  const numbers = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(numbers, values => {
      const d = distributionOf(Float64Array.from(values))
      assert.ok(d !== null)
      const ascending = [d.min, d.p1, d.p5, d.p10, d.p25, d.p50, d.p75, d.p90, d.p95, d.p99, d.max]
      for (const [at, value] of ascending.entries()) assert.ok(at === 0 || value >= (ascending[at - 1] ?? 0))
    }),
  )
})
