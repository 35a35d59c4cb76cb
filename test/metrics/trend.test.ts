import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { trendOf } from '../../src/metrics/trend.ts'
import { createRandom } from '../../src/model/numbers/random.ts'

const series = (count: number, value: (at: number) => number) =>
  trendOf(Float64Array.from({ length: count }, (_, at) => value(at)))

describe('the trend of a series', () => {
  test('is the change along a straight line, as a share of the mean', () => {
    const trend = series(1000, at => 150 - at / 10)
    // Means of tenths fall from 145.05 to 55.05 around 100.05.
    assert.ok(trend !== null && Math.abs(trend.change - -90 / 100.05) < 1e-9)
    // Ten falling values: the score is -45, the variance 125.
    assert.ok(Math.abs(trend.z - -44 / Math.sqrt(125)) < 1e-12)
  })

  test('is nothing in a constant series', () => {
    assert.deepEqual(
      series(200, () => 7),
      { change: 0, z: 0 },
    )
  })

  test('is unknown below 100 values', () => {
    assert.equal(
      series(99, at => at),
      null,
    )
  })

  test('is not mistaken for one outlier', () => {
    const trend = series(500, at => (at === 499 ? 1e6 : 100))
    assert.ok(trend !== null && Math.abs(trend.z) < 1.96 && trend.change === 0)
  })

  test('is claimed of at most 6% of 1,000 series without one', () => {
    let claimed = 0
    for (let seed = 0; seed < 1000; seed++) {
      const random = createRandom(seed)
      const trend = series(100, () => random.exponential())
      if (trend !== null && Math.abs(trend.z) >= 1.96) claimed += 1
    }
    assert.ok(claimed <= 60, `${claimed} of 1,000`)
  })
})
