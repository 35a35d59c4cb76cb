import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom } from '../../src/model/index.ts'
import { kriging } from '../../src/search/kriging.ts'

const kernel = (a: number, b: number) => Math.exp(-((a - b) ** 2) / 2)
const places = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]
const smooth = (x: number) => 0.1 * Math.sin(x)

describe('kriging', () => {
  test('goes through what was measured without noise, and between it nearly so', () => {
    const at = kriging(places, [places.map(smooth)], [0.1], kernel)
    for (const x of [...places, 0.25, 1.75, 3.25])
      assert.ok(Math.abs((at(x)[0]?.mean ?? 1) - smooth(x)) < 0.003, `${x}`)
  })

  test('far from everything expects the trend, and is as unsure as it was before', () => {
    const at = kriging(places, [places.map(smooth)], [0.1], kernel)
    const [far, near] = [at(100)[0], at(2)[0]]
    assert.ok(far && near)
    assert.ok(Math.abs(far.mean) < 1e-9)
    assert.ok(far.deviation > 0.05 && near.deviation < far.deviation / 5)
  })

  test('takes noise for noise: of twenty scattered values at one place it expects their mean', () => {
    const random = createRandom('noise')
    const values = Array.from({ length: 20 }, () => 0.2 + 0.05 * random.normal())
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const found = kriging(
      values.map(() => 0),
      [values],
      [0.1],
      kernel,
    )(0)[0]
    assert.ok(Math.abs((found?.mean ?? 0) - mean) < 0.01)
  })

  test('holds the truth within two of its deviations in most places of most samples', () => {
    let [held, all] = [0, 0]
    for (let run = 0; run < 40; run++) {
      const random = createRandom(`held/${run}`)
      const [a, b] = [random.normal(), random.normal()]
      const truth = (x: number) => 0.1 * (a * Math.sin(x) + b * Math.cos(x))
      const at = kriging(places, [places.map(truth)], [0.1], kernel)
      for (const x of [0.7, 2.2, 3.9, 4.6, 5.5]) {
        const found = at(x)[0]
        all++
        if (found && Math.abs(found.mean - truth(x)) <= 2 * found.deviation) held++
      }
    }
    assert.ok(held / all > 0.85, `${held} of ${all}`)
  })
})
