import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normalProbability, normalQuantile } from '../../../src/metrics/statistics/normal.ts'
import { errorPerLook } from '../../../src/metrics/stopping/boundaries.ts'
import { createRandom } from '../../../src/model/index.ts'

const fifths = [0.2, 0.4, 0.6, 0.8, 1]
const criticals = (errors: readonly number[]) => errors.map(error => Number(normalQuantile(1 - error / 2).toFixed(3)))

test('five equal looks have the critical values that are published for spending like Pocock’s', () => {
  // Lan and DeMets 1983; Jennison and Turnbull 2000, table 7.6 and gsDesign.
  assert.deepEqual(criticals(errorPerLook(fifths, 0.05)), [2.438, 2.427, 2.41, 2.397, 2.386])
})

test('five equal looks have the critical values that are published for spending like O’Brien and Fleming’s', () => {
  const alpha = 0.05
  const spending = (share: number) =>
    (4 * (1 - normalProbability(normalQuantile(1 - alpha / 4) / Math.sqrt(share)))) / alpha
  assert.deepEqual(criticals(errorPerLook(fifths, alpha, spending)), [4.877, 3.357, 2.68, 2.29, 2.031])
})

test('one look may make the whole error', () => {
  assert.ok(Math.abs((errorPerLook([1], 0.05)[0] ?? 0) - 0.05) < 1e-6)
})

test('a walk leaves its boundaries at any look as often as alpha says', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 19 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(0.05, 0.1),
      (early, alpha) => {
        const information = [...early.toSorted((a, b) => a - b).map(share => share / 20), 1]
        const bounds = errorPerLook(information, alpha).map(error => normalQuantile(1 - error / 2))
        const random = createRandom(JSON.stringify(information))
        const walks = 4000
        let left = 0
        for (let walk = 0; walk < walks; walk++) {
          let [at, before] = [0, 0]
          for (const [look, share] of information.entries()) {
            at += Math.sqrt(share - before) * random.normal()
            before = share
            if (Math.abs(at) / Math.sqrt(share) < (bounds[look] ?? 0)) continue
            left += 1
            break
          }
        }
        assert.ok(Math.abs(left / walks - alpha) < 4.5 * Math.sqrt((alpha * (1 - alpha)) / walks), `${left / walks}`)
      },
    ),
    { numRuns: 12, seed: 1 },
  )
})
