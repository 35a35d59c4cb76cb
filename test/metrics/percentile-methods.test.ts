import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { distributionOf } from '../../src/metrics/distribution.ts'
import { Histogram } from '../../src/metrics/histogram.ts'
import {
  type PercentileMethod,
  percentileMethod,
  percentileMethods,
  percentileOfSorted,
} from '../../src/metrics/percentiles/index.ts'
import { linear } from '../../src/metrics/percentiles/linear.ts'
import { nearestRank } from '../../src/metrics/percentiles/nearest-rank.ts'

const five = Float64Array.of(15, 20, 35, 40, 50)
const at = (method: PercentileMethod, percentiles: readonly number[]) =>
  percentiles.map(percentile => percentileOfSorted(five, percentile, method))

/** What somebody would write in a file of its own: Hazen's, type 5 of Hyndman and Fan. */
const hazen: PercentileMethod = { name: 'hazen', usedBy: 'nobody here', rank: (share, count) => share * count - 0.5 }

describe('a percentile method', () => {
  test('linear is numpy’s default', () => {
    // numpy.percentile([15, 20, 35, 40, 50], [0, 5, 40, 50, 95, 100])
    const numpy = [15, 16, 29, 35, 48, 50]
    for (const [i, value] of at(linear, [0, 5, 40, 50, 95, 100]).entries())
      assert.ok(Math.abs(value - (numpy[i] ?? 0)) < 1e-12)
  })

  test('nearest rank takes measured values, as numpy’s inverted_cdf does', () => {
    // numpy.percentile(…, method='inverted_cdf')
    assert.deepEqual(at(nearestRank, [0, 5, 20, 30, 40, 50, 100]), [15, 15, 15, 20, 20, 35, 50])
    const twenty = Float64Array.from({ length: 20 }, (_, i) => i + 1)
    assert.equal(percentileOfSorted(twenty, 95, nearestRank), 19)
  })

  test('that is added holds for records and for histograms alike', () => {
    assert.deepEqual(at(hazen, [0, 50, 100]), [15, 35, 50])
    const histogram = new Histogram()
    for (const value of five) histogram.record(value)
    for (const method of [...percentileMethods, hazen]) {
      const [exact, counted] = [distributionOf(five, method), histogram.toDistribution(method)]
      for (const name of ['p1', 'p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99'] as const)
        assert.ok(Math.abs((exact?.[name] ?? 0) / (counted?.[name] ?? 1) - 1) < 0.005, `${method.name} ${name}`)
    }
    assert.notEqual(distributionOf(five, hazen)?.p90, distributionOf(five)?.p90)
  })

  test('gives values that never fall and stay between the extremes', () => {
    const numbers = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(numbers, fc.constantFrom(...percentileMethods, hazen), (values, method) => {
        const sorted = Float64Array.from(values).sort()
        const found = Array.from({ length: 101 }, (_, percentile) => percentileOfSorted(sorted, percentile, method))
        for (const [i, value] of found.entries()) {
          assert.ok(value >= (found[i - 1] ?? sorted[0] ?? 0))
          assert.ok(value <= (sorted.at(-1) ?? 0))
        }
      }),
    )
  })

  test('has a name of its own, and the one in use is among them', () => {
    assert.equal(new Set(percentileMethods.map(({ name }) => name)).size, percentileMethods.length)
    assert.ok(percentileMethods.includes(percentileMethod))
  })
})
