import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { moderatedVariances } from '../../../src/metrics/statistics/moderated-variance.ts'
import { digamma, trigamma, trigammaInverse } from '../../../src/metrics/statistics/polygamma.ts'
import { studentTwoSidedP, studentUpperP } from '../../../src/metrics/statistics/student.ts'
import { createRandom } from '../../../src/model/index.ts'

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`)

const estimates = (variances: readonly number[], freedom: readonly number[] | number) =>
  variances.map((variance, i) => ({ variance, freedom: typeof freedom === 'number' ? freedom : (freedom[i] ?? 0) }))

describe('digamma and trigamma', () => {
  test('have their known values', () => {
    near(digamma(1), -0.5772156649015329, 1e-12)
    near(digamma(0.5), -1.9635100260214235, 1e-12)
    near(trigamma(1), Math.PI ** 2 / 6, 1e-12)
    near(trigamma(0.5), Math.PI ** 2 / 2, 1e-12)
  })

  test('obey their recurrences, and trigamma is inverted', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 500, noNaN: true }), x => {
        near(digamma(x + 1) - digamma(x), 1 / x, 1e-9 * (1 + 1 / x))
        near(trigamma(x) - trigamma(x + 1), 1 / (x * x), 1e-9 * (1 + 1 / (x * x)))
        near(trigammaInverse(trigamma(x)) / x, 1, 1e-7)
      }),
    )
  })
})

describe('moderated variances', () => {
  // By scipy, from the formulas of Smyth 2004: prior freedom and scale by brentq on polygamma.
  const variances = [0.2, 1.5, 0.9, 4, 0.05, 2.2, 7.5, 0.6]

  test('are those of an independent calculation', () => {
    const expected = [0.32774915, 1.23210623, 0.81471065, 2.97125446, 0.22340025, 1.71906773, 5.40606199, 0.60601287]
    for (const [i, found] of (moderatedVariances(estimates(variances, 4)) ?? []).entries()) {
      near(found.variance, expected[i] ?? Number.NaN, 2e-5)
      near(found.freedom, 4 + 1.74994115599, 1e-6)
    }
  })

  test('are those of an independent calculation for unequal degrees of freedom', () => {
    const expected = [0.43896174, 1.1188004, 0.83764003, 2.96660124, 0.17087813, 1.92162462, 4.25651731, 0.6381639]
    const freedom = [2, 2, 4, 4, 8, 8, 2, 3]
    for (const [i, found] of (moderatedVariances(estimates(variances, freedom)) ?? []).entries()) {
      near(found.variance, expected[i] ?? Number.NaN, 2e-5)
      near(found.freedom, (freedom[i] ?? 0) + 1.82443679987, 1e-6)
    }
  })

  test('become the pooled one where they differ by no more than chance', () => {
    const found = moderatedVariances(estimates([1, 1.2, 0.9, 1.1], 4))
    for (const { variance, freedom } of found ?? []) {
      near(variance, 1.05, 1e-12)
      assert.equal(freedom, 16)
    }
  })

  test('give a thing that was measured once what the others show', () => {
    const found = moderatedVariances([...estimates([1, 1.2, 0.9, 1.1], 4), { variance: 0, freedom: 0 }])
    near(found?.[4]?.variance ?? 0, 1.05, 1e-12)
    assert.equal(moderatedVariances(estimates([0, 0], 0)), null)
  })

  test('lie between the own variance and the prior, keep the order given, and rest on no more than all values', () => {
    const one = fc.record({
      variance: fc.double({ min: 1e-4, max: 10, noNaN: true }),
      freedom: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 20 }), given => {
        const found = moderatedVariances(given) ?? []
        const total = given.reduce((sum, { freedom }) => sum + freedom, 0)
        for (const { variance, freedom } of found) {
          assert.ok(variance > 0 && Number.isFinite(variance))
          assert.ok(freedom > 0 && freedom <= total + 1e-9)
        }
        const back = moderatedVariances(given.toReversed())?.toReversed() ?? []
        for (const [i, each] of found.entries()) near(back[i]?.variance ?? 0, each.variance, 1e-9 * each.variance)
      }),
    )
  })

  test('never take a variance of 0 among others for certainty', () => {
    const [none] = moderatedVariances(estimates([0, 1, 2, 1.5, 0.7, 1.1], 2)) ?? []
    assert.ok((none?.variance ?? 0) > 0.01)
  })

  test('keep the level of a test on three values of each of 20 alike things', () => {
    const random = createRandom('level')
    let [called, all] = [0, 0]
    for (let trial = 0; trial < 300; trial++) {
      const things = Array.from({ length: 20 }, () => {
        // Variances that truly differ, by the prior's own distribution.
        const scale = Math.sqrt(1 / random.gamma(4))
        return Array.from({ length: 3 }, () => scale * random.normal())
      })
      const means = things.map(values => values.reduce((sum, value) => sum + value, 0) / 3)
      const own = things.map((values, i) => ({
        variance: values.reduce((sum, value) => sum + (value - (means[i] ?? 0)) ** 2, 0) / 2,
        freedom: 2,
      }))
      moderatedVariances(own)?.forEach(({ variance, freedom }, i) => {
        all++
        if (studentTwoSidedP((means[i] ?? 0) / Math.sqrt(variance / 3), freedom) <= 0.01) called++
      })
    }
    const share = called / all
    assert.ok(share > 0.005 && share < 0.015, `${share} at a level of 1%`)
  })
})

test("Student's upper probability is that of scipy on both sides of 0, and the normal one for unlimited freedom", () => {
  near(studentUpperP(2.3, 5), 0.03488623466601866, 1e-12)
  near(studentUpperP(-1.1, 3), 0.8241584025326745, 1e-12)
  near(studentTwoSidedP(1.959963984540054, Number.POSITIVE_INFINITY), 0.05, 1e-9)
})
