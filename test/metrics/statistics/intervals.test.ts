import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seriesMeanInterval } from '../../../bench/statistics/series-mean.ts'
import { effectiveCount, fewestEffective } from '../../../src/metrics/statistics/effective-count.ts'
import { normalQuantile } from '../../../src/metrics/statistics/normal.ts'
import { percentileInterval, percentileIntervalOfSeries } from '../../../src/metrics/statistics/percentile-interval.ts'
import { createRandom, type Random } from '../../../src/model/index.ts'

/** A stationary series of standard normals, each as much like the one before as `dependence` says. */
function series(count: number, dependence: number, random: Random): Float64Array {
  let state = random.normal()
  return Float64Array.from({ length: count }, () => {
    const now = state
    state = dependence * state + Math.sqrt(1 - dependence ** 2) * random.normal()
    return now
  })
}
const independent = (count: number, seed: number) => series(count, 0, createRandom(seed)).sort()

/** Share of seeded samples whose interval holds the truth. */
function coverage(truth: number, intervalOf: (random: Random) => { low: number | null; high: number | null } | null) {
  const runs = 1000
  let held = 0
  for (let run = 0; run < runs; run++) {
    const found = intervalOf(createRandom(`coverage/${run}`))
    if (found?.low != null && found.high != null && found.low <= truth && truth <= found.high) held++
  }
  return held / runs
}
const isHonest = (held: number) => assert.ok(held >= 0.93 && held <= 0.97, `${held}`)

for (const [percentile, count] of [
  [50, 50],
  [50, 200],
  [95, 200],
  [95, 1000],
] as const) {
  test(`the interval of p${percentile} of ${count} independent values holds it in 93 to 97% of runs`, () => {
    isHonest(
      coverage(normalQuantile(percentile / 100), random =>
        percentileInterval(series(count, 0, random).sort(), percentile),
      ),
    )
  })
}

test('a tail with too few values to be bounded has no upper limit: below 73 for p95, 368 for p99', () => {
  const highOf = (count: number, percentile: number) => percentileInterval(independent(count, count), percentile).high
  assert.equal(highOf(71, 95), null)
  assert.notEqual(highOf(75, 95), null)
  assert.equal(highOf(365, 99), null)
  assert.notEqual(highOf(371, 99), null)
})

test('the interval of a median does not depend on the scale, but for the scale', () => {
  const values = independent(100, 1)
  const plain = percentileInterval(values, 50)
  const scaled = percentileInterval(
    values.map(value => 3 * value + 2),
    50,
  )
  for (const bound of ['low', 'estimate', 'high'] as const)
    assert.ok(Math.abs((scaled[bound] ?? Number.NaN) - (3 * (plain[bound] ?? Number.NaN) + 2)) < 1e-12)
})

test('a series of which neighbours correlate by ρ is worth (1 − ρ) / (1 + ρ) of its values', () => {
  for (const dependence of [0, 0.5, 0.8]) {
    const expected = (20_000 * (1 - dependence)) / (1 + dependence)
    const found = effectiveCount(series(20_000, dependence, createRandom(7)))
    assert.ok(Math.abs(found / expected - 1) < 0.12, `${dependence}: ${found} for ${expected}`)
  }
})

test('the mean of 1000 dependent values is held in 93 to 97% of runs, and its median too', () => {
  isHonest(coverage(0, random => seriesMeanInterval(series(1000, 0.8, random))))
  isHonest(coverage(0, random => percentileIntervalOfSeries(series(1000, 0.5, random), 50)))
})

test('a series that is worth few independent values gets no interval', () => {
  const drifting = Float64Array.from({ length: 100 }, (_, i) => i)
  assert.ok(effectiveCount(drifting) < fewestEffective)
  assert.equal(seriesMeanInterval(drifting), null)
  assert.equal(percentileIntervalOfSeries(drifting, 50), null)
})

test('values that are not there take no part, and equal ones are worth as many as they are', () => {
  const values = Float64Array.from({ length: 200 }, (_, i) => (i % 4 === 0 ? Number.NaN : 5))
  assert.deepEqual(percentileIntervalOfSeries(values, 50), { estimate: 5, low: 5, high: 5, effective: 150 })
  assert.equal(percentileIntervalOfSeries(Float64Array.of(Number.NaN), 50), null)
})
