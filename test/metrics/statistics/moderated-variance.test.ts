import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { moderatedVariances } from '../../../src/metrics/statistics/moderated-variance.ts'
import { studentTwoSidedP, studentUpperP } from '../../../src/metrics/statistics/student.ts'
import { createRandom } from '../../../src/model/index.ts'

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`)

const estimates = (variances: readonly number[], freedom: readonly number[] | number) =>
  variances.map((variance, i) => ({ variance, freedom: typeof freedom === 'number' ? freedom : (freedom[i] ?? 0) }))

describe('moderated variances', () => {
  // By Python's math.lgamma: the density of Smyth 2004 (6.1), maximized by nested golden-section searches.
  const variances = [0.2, 1.5, 0.9, 4, 0.05, 2.2, 7.5, 0.6]

  test('are those of an independent calculation', () => {
    const expected = [0.39426726, 1.24205955, 0.8507708, 2.87242935, 0.29644507, 1.6985631, 5.15494707, 0.65512642]
    for (const [i, found] of (moderatedVariances(estimates(variances, 4)) ?? []).entries()) {
      near(found.variance, expected[i] ?? Number.NaN, 1e-4)
      near(found.freedom, 4 + 2.133577794506745, 1e-4)
    }
  })

  test('are those of an independent calculation for unequal degrees of freedom', () => {
    const expected = [0.29940461, 1.08331706, 0.78865401, 3.12092916, 0.10658652, 1.95273438, 4.70137455, 0.55436701]
    const freedom = [2, 2, 4, 4, 8, 8, 2, 3]
    for (const [i, found] of (moderatedVariances(estimates(variances, freedom)) ?? []).entries()) {
      near(found.variance, expected[i] ?? Number.NaN, 1e-4)
      near(found.freedom, (freedom[i] ?? 0) + 1.316696882872182, 1e-4)
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

  test('are at least the own variance where the prior is not trusted, and the same where it is', () => {
    const one = fc.record({ variance: fc.double({ min: 1e-4, max: 10, noNaN: true }), freedom: fc.constantFrom(2, 4) })
    fc.assert(
      fc.property(fc.array(one, { minLength: 2, maxLength: 20 }), given => {
        const usual = moderatedVariances(given) ?? []
        // The prior's own freedom, unless that of all values together limits it.
        const total = given.reduce((sum, { freedom }) => sum + freedom, 0)
        const [first] = usual
        const prior = (first?.freedom ?? 0) - (given[0]?.freedom ?? 0)
        if ((first?.freedom ?? 0) >= total) return
        assert.deepEqual(moderatedVariances(given, 0.99 * prior), usual)
        for (const [i, { variance, freedom }] of (moderatedVariances(given, 1.01 * prior) ?? []).entries()) {
          const [own, moderated] = [given[i]?.variance ?? 0, usual[i]?.variance ?? 0]
          near(variance, Math.max(own, moderated), 1e-12)
          assert.equal(freedom, own > moderated ? given[i]?.freedom : usual[i]?.freedom)
        }
      }),
    )
  })

  test('of 24 things that are alike are pooled about as often as chance allows, with three values of each', () => {
    const random = createRandom('alike')
    const trials = 200
    let [pooled, sharp] = [0, 0]
    for (let trial = 0; trial < trials; trial++) {
      const own = Array.from({ length: 24 }, () => ({ variance: random.gamma(1), freedom: 2 }))
      const freedom = moderatedVariances(own)?.[0]?.freedom ?? 0
      if (freedom === 48) pooled++
      if (freedom < 8) sharp++
    }
    // By the moments of log variances, 55% and 24%.
    assert.ok(pooled > 0.6 * trials, `${pooled}`)
    assert.ok(sharp < 0.1 * trials, `${sharp}`)
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
