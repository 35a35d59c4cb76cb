import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Interval } from '../../../bench/statistics/bootstrap.ts'
import { bcaInterval, blockLengthFor, bootstrapInterval } from '../../../bench/statistics/bootstrap.ts'
import { repeatsInterval } from '../../../bench/statistics/repeats.ts'
import { mannWhitney, permutationP } from '../../../bench/statistics/two-samples.ts'
import { incompleteBeta } from '../../../src/metrics/statistics/beta.ts'
import { normalProbability, normalQuantile } from '../../../src/metrics/statistics/normal.ts'
import type { Random } from '../../../src/model/index.ts'
import { createRandom } from '../../../src/model/index.ts'

const near = (actual: number, expected: number, within: number) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected} ± ${within}`)
const sample = (count: number, draw: () => number) => Float64Array.from({ length: count }, draw)
const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Share of seeded samples whose interval holds the truth. */
function coverage(runs: number, truth: number, interval: (random: Random) => Interval | null): number {
  let held = 0
  for (let run = 0; run < runs; run++) {
    const found = interval(createRandom(run))
    if (found !== null && found.low <= truth && truth <= found.high) held += 1
  }
  return held / runs
}

test('normal quantiles are right to 7 digits', () => {
  // scipy.stats.norm.ppf([0.5, 0.975, 0.001, 1e-10])
  near(normalQuantile(0.5), 0, 1e-12)
  near(normalQuantile(0.975), 1.959963984540054, 3e-7)
  near(normalQuantile(0.001), -3.090232306167813, 5e-7)
  near(normalQuantile(1e-10), -6.361340902404056, 2e-6)
})

test('normal probabilities are right far into the tails', () => {
  // scipy.stats.norm.cdf([-3.1, -1.234, 0.4321, -8])
  near(normalProbability(-3.1), 0.0009676032132183563, 1e-15)
  near(normalProbability(-1.234), 0.10860145212152433, 1e-14)
  near(normalProbability(0.4321), 0.6671656326530434, 1e-14)
  near(normalProbability(-8) / 6.220960574271785e-16, 1, 1e-7)
})

test('the incomplete beta function has its known values', () => {
  near(incompleteBeta(0.5, 2, 3), 11 / 16, 1e-14)
  near(incompleteBeta(0.9, 10, 1), 0.9 ** 10, 1e-14)
  near(incompleteBeta(0.2, 0.5, 0.5), (2 / Math.PI) * Math.asin(Math.sqrt(0.2)), 1e-12)
  near(incompleteBeta(0.99, 661, 2), 0.99 ** 662 * (1 + 662 * (1 / 0.99 - 1)), 1e-12)
})

test('intervals over 3 repeats hold the mean in 93 to 97% of runs', () => {
  const held = coverage(2000, 100, random => repeatsInterval([...sample(3, () => 100 + 5 * random.normal())]))
  assert.ok(held > 0.935 && held < 0.965, `${held}`)
})

test('one repeat has no interval', () => {
  assert.equal(repeatsInterval([1]), null)
})

test('percentile bootstrap intervals hold the mean of 100 normal values in 93 to 97% of runs', () => {
  const held = coverage(600, 10, random =>
    bootstrapInterval(
      sample(100, () => 10 + random.normal()),
      mean,
      { random, resamples: 400 },
    ),
  )
  assert.ok(held > 0.93 && held < 0.97, `${held}`)
})

test('BCa intervals hold the mean of 100 skewed values in 93 to 97% of runs', () => {
  const held = coverage(600, 1, random =>
    bcaInterval(sample(100, random.exponential), mean, { random, resamples: 400 }),
  )
  assert.ok(held > 0.93 && held < 0.97, `${held}`)
})

test('for values that depend on their neighbours blocks hold the mean far more often than single values', () => {
  const series = (random: Random) => {
    let state = 0
    return sample(500, () => {
      state = 0.5 * state + random.normal()
      return state
    })
  }
  const held = (blockLengthOf: (values: Float64Array) => number) =>
    coverage(200, 0, random => {
      const values = series(random)
      return bootstrapInterval(values, mean, { random, resamples: 200, blockLength: blockLengthOf(values) })
    })
  const [single, blocks] = [held(() => 1), held(blockLengthFor)]
  assert.ok(single < 0.82 && blocks > 0.87, `${single} single, ${blocks} blocks`)
})

test('Mann-Whitney is exact for small samples', () => {
  // scipy.stats.mannwhitneyu(…, method='exact') of both
  assert.deepEqual(mannWhitney(Float64Array.of(1.1, 2.2, 3.3), Float64Array.of(4.4, 5.5, 6.6)), { u: 0, p: 0.1 })
  near(mannWhitney(Float64Array.of(1, 2, 5), Float64Array.of(3, 4, 6)).p, 0.4, 1e-12)
})

test('Mann-Whitney approximates with ties as scipy does', () => {
  // scipy.stats.mannwhitneyu([1, 2, 2, 3], [2, 3, 4, 5], method='asymptotic')
  const { u, p } = mannWhitney(Float64Array.of(1, 2, 2, 3), Float64Array.of(2, 3, 4, 5))
  assert.equal(u, 2.5)
  near(p, 0.1366582477381475, 1e-12)
})

test('equal samples are no different', () => {
  const same = Float64Array.of(5, 5, 5)
  assert.equal(mannWhitney(same, same).p, 1)
  assert.equal(permutationP(same, same, createRandom(1), 99), 1)
})

test('a permutation test of 3 against 3 comes near the exact 0.1', () => {
  const p = permutationP(Float64Array.of(1, 2, 3), Float64Array.of(11, 12, 13), createRandom(2), 20_000)
  near(p, 0.1, 0.008)
})

for (const [name, pOf] of [
  ['Mann-Whitney', (a: Float64Array, b: Float64Array) => mannWhitney(a, b).p],
  ['the permutation test', (a: Float64Array, b: Float64Array, random: Random) => permutationP(a, b, random, 199)],
] as const) {
  test(`${name} calls equal distributions different in at most 5% of runs`, () => {
    let called = 0
    for (let run = 0; run < 1000; run++) {
      const random = createRandom(run)
      if (pOf(sample(10, random.exponential), sample(10, random.exponential), random) <= 0.05) called += 1
    }
    assert.ok(called >= 20 && called <= 68, `${called} of 1000`)
  })
}
