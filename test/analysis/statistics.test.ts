import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pooledNoise } from '../../src/analysis/statistics/repeat-noise.ts'
import { adjustForFalseDiscovery } from '../../src/metrics/statistics/false-discovery.ts'
import { studentCritical, studentTwoSidedP } from '../../src/metrics/statistics/student.ts'

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`)

test("Student's t quantiles are those of the tables", () => {
  near(studentCritical(0.95, 1), 12.706, 5e-4)
  near(studentCritical(0.95, 4), 2.776, 5e-4)
  near(studentCritical(0.99, 10), 3.169, 5e-4)
  near(studentCritical(0.95, 1e6), 1.96, 5e-4)
})

test('the p-value of a critical t is what is left of the confidence', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.5, max: 0.999, noNaN: true }),
      fc.double({ min: 1, max: 200, noNaN: true }),
      (c, freedom) => {
        near(studentTwoSidedP(studentCritical(c, freedom), freedom), 1 - c, 1e-8)
      },
    ),
  )
})

test('adjusted p-values are those of the published example', () => {
  // Benjamini & Hochberg 1995, section 4.1: 15 p-values, of which the procedure at 0.05 rejects 4.
  const ps = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
  ]
  const adjusted = adjustForFalseDiscovery(ps)
  assert.equal(adjusted.filter(p => p <= 0.05).length, 4)
  near(adjusted[3] ?? 1, (0.0095 * 15) / 4, 1e-12)
})

test('adjusting never lowers a p-value, keeps their order, and does not depend on the order given', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }), ps => {
      const adjusted = adjustForFalseDiscovery(ps)
      ps.forEach((p, i) => {
        const own = adjusted[i] ?? Number.NaN
        assert.ok(own >= p - 1e-15 && own <= 1)
        ps.forEach((other, j) => {
          if (p < other) assert.ok(own <= (adjusted[j] ?? Number.NaN))
        })
      })
      assert.deepEqual(adjustForFalseDiscovery(ps.toReversed()).toReversed(), adjusted)
    }),
  )
})

test('noise is pooled over groups of repeats; groups of one say nothing', () => {
  assert.equal(pooledNoise([[100, 102, 98], [10, 10.2, 9.8], [7]])?.freedom, 4)
  assert.equal(pooledNoise([[1], [2]]), null)
})
