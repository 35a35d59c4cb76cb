import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { distributionOf } from '../../src/metrics/distribution.ts'
import { Histogram } from '../../src/metrics/histogram.ts'

const times = fc.array(fc.double({ min: 0, max: 2_000_000, noNaN: true }), { minLength: 1, maxLength: 300 })

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}

test('merging the parts of any split gives the histogram of the whole', () => {
  fc.assert(
    fc.property(fc.array(times, { minLength: 1, maxLength: 6 }), parts => {
      const merged = new Histogram()
      for (const part of parts) merged.merge(histogramOf(part))
      const whole = histogramOf(parts.flat())
      const { squaresUs2, ...merges } = merged.toState()
      const { squaresUs2: expected, ...exact } = whole.toState()
      assert.deepEqual(merges, exact)
      // Squares pass 2^53 with long times; there the order of adding shows in the last digits.
      assert.ok(Math.abs(squaresUs2 - expected) <= 1e-12 * expected)
    }),
  )
})

test('the time at any rank is within 0.4% or half a microsecond of the exact one', () => {
  fc.assert(
    fc.property(times, fc.nat(), (values, any) => {
      const sorted = values.toSorted((a, b) => a - b)
      const rank = any % sorted.length
      const exact = sorted[rank] ?? Number.NaN
      const counted = histogramOf(values).percentile(sorted.length === 1 ? 50 : (100 * rank) / (sorted.length - 1))
      assert.ok(Math.abs(counted - exact) <= Math.max(0.004 * exact, 0.00051), `${counted} for ${exact}`)
    }),
  )
})

test('a percentile between two ranks is linear between them', () => {
  assert.equal(histogramOf([10, 20]).percentile(25), 12.5)
})

test('a single time comes back to the microsecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), us => {
      const d = histogramOf([us / 1000]).toDistribution()
      assert.deepEqual([d?.min, d?.p50, d?.max, d?.mean], [us / 1000, us / 1000, us / 1000, us / 1000])
    }),
  )
})

test('its mean and deviation are exact to the microsecond', () => {
  const values = [50.1, 50.2, 50.3, 120]
  const exact = distributionOf(Float64Array.from(values))
  const counted = histogramOf(values).toDistribution()
  assert.ok(Math.abs((counted?.mean ?? 0) - (exact?.mean ?? 0)) < 1e-9)
  assert.ok(Math.abs((counted?.stddev ?? 0) - (exact?.stddev ?? 0)) < 1e-6)
})

test('it goes on from a state that came from another thread', () => {
  const state = structuredClone(histogramOf([1, 2, 3]).toState())
  const histogram = Histogram.from(state)
  histogram.record(4)
  assert.deepEqual(histogram.toDistribution(), histogramOf([1, 2, 3, 4]).toDistribution())
})

test('it is empty at first and after a reset', () => {
  const histogram = histogramOf([5])
  histogram.reset()
  assert.equal(histogram.count, 0)
  assert.equal(histogram.toDistribution(), null)
  assert.deepEqual(histogram.toState(), new Histogram().toState())
})

test('NaN is not counted, a time below 0 counts as 0', () => {
  const histogram = histogramOf([Number.NaN, -1])
  assert.equal(histogram.count, 1)
  assert.equal(histogram.toDistribution()?.max, 0)
})

test('times above its range are counted and the maximum stays exact', () => {
  const hour = 3_600_000
  assert.equal(histogramOf([1, hour]).toDistribution()?.max, hour)
  assert.equal(histogramOf([1, hour]).count, 2)
})
