import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalQuantile } from '../../../src/metrics/statistics/normal.ts'
import { meanBounds, percentileBounds } from '../../../src/metrics/stopping/intervals.ts'
import { createRandom } from '../../../src/model/index.ts'

const asked = { round: 16, confidence: 0.95, blur: 0.025 }

/** A stationary first-order series around 300 ms. */
function dependent(count: number, dependence: number, seed: string, spread = 0.3): Float64Array {
  const random = createRandom(seed)
  let state = random.normal()
  return Float64Array.from({ length: count }, () => {
    state = dependence * state + Math.sqrt(1 - dependence ** 2) * random.normal()
    return 300 * Math.exp(spread * state)
  })
}

test('a p95 of requests that depend on each other strongly is bounded by its sections', () => {
  const series = dependent(640, 0.9, 'sections')
  const bounds = percentileBounds(series, 95, asked)
  const truth = 300 * Math.exp(0.3 * normalQuantile(0.95))
  assert.ok(bounds !== null && Number.isFinite(bounds.low) && Number.isFinite(bounds.high))
  assert.ok(bounds.low <= truth && truth <= bounds.high)
  assert.ok(bounds.high < 2000, 'far below a limit that is far away')
})

test('intervals of a p95 hold as often as they say, also where few requests are independent', () => {
  for (const dependence of [0, 0.8]) {
    const truth = 300 * Math.exp(0.3 * normalQuantile(0.95))
    let [held, given] = [0, 0]
    for (let run = 0; run < 200; run++) {
      const bounds = percentileBounds(dependent(640, dependence, `${dependence}/${run}`), 95, asked)
      if (bounds === null) continue
      given += 1
      if (bounds.low <= truth && truth <= bounds.high) held += 1
    }
    assert.ok(given > 150 && held / given >= 0.93, `${dependence}: ${held} of ${given}`)
  }
})

test('a p95 of fewer requests than can hold sections or bound a tail is not given', () => {
  assert.equal(percentileBounds(dependent(50, 0, 'few'), 95, asked), null)
})

test('a pattern that every round repeats is no uncertainty of the mean', () => {
  const sawtooth = Float64Array.from({ length: 320 }, (_, row) => 100 + 10 * (row % 16))
  const bounds = meanBounds(sawtooth, asked)
  assert.ok(bounds !== null && bounds.high - bounds.low < 1e-6)
})

/** Where conversations of so many values begin, and the end. */
const unitsOf = (count: number, turns: number) =>
  Uint32Array.from({ length: count / turns + 1 }, (_, unit) => unit * turns)
const width = (bounds: { readonly low: number; readonly high: number } | null) =>
  bounds === null ? Number.NaN : bounds.high - bounds.low

test('answers of one conversation that are all alike are worth one', () => {
  const own = dependent(800, 0, 'conversations')
  const alike = Float64Array.from({ length: own.length * 4 }, (_, row) => own[Math.floor(row / 4)] ?? 0)
  const single = percentileBounds(own, 95, { ...asked, round: 1 })
  const units = percentileBounds(alike, 95, { ...asked, round: 1 }, unitsOf(alike.length, 4))
  assert.ok(single !== null && units !== null)
  assert.ok(Math.abs(units.estimate / single.estimate - 1) < 0.02)
  assert.ok(width(units) > 0.7 * width(single), `${width(units)} of ${width(single)}`)
})

test('intervals over conversations hold as often as they say, where answers have most in common', () => {
  const truth = 300 * Math.exp(0.3 * normalQuantile(0.95))
  let [held, given] = [0, 0]
  for (let run = 0; run < 200; run++) {
    const random = createRandom(`conversation ${run}`)
    const series = Float64Array.from(
      Array.from({ length: 200 }, () => {
        const own = random.normal()
        return [0, 1, 2, 3].map(() => 300 * Math.exp(0.3 * (Math.sqrt(0.8) * own + Math.sqrt(0.2) * random.normal())))
      }).flat(),
    )
    const bounds = percentileBounds(series, 95, asked, unitsOf(series.length, 4))
    if (bounds === null) continue
    given += 1
    if (bounds.low <= truth && truth <= bounds.high) held += 1
  }
  assert.ok(given > 150, `${given} given`)
  assert.ok(held / given >= 0.93, `${held} of ${given} hold`)
})

test('an open loop asks for more requests than a closed one, and for no sections', () => {
  const series = dependent(2000, 0.3, 'open')
  const closed = percentileBounds(series, 95, { ...asked, round: 1 })
  const open = percentileBounds(series, 95, { ...asked, round: 1, isOpen: true })
  assert.ok(open === null || width(open) > 1.3 * width(closed))
  assert.equal(percentileBounds(dependent(640, 0.97, 'busy'), 95, { ...asked, round: 1, isOpen: true }), null)
})
