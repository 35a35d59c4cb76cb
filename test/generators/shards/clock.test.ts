import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clockOffset } from '../../../src/generators/shards/clock.ts'

const way = fc.double({ min: 0, max: 500, noNaN: true })

test('the true offset is within the stated uncertainty, however unequal the two ways were', () => {
  const trips = fc.array(fc.record({ asked: way, there: way, thinking: way, back: way }), { minLength: 1 })
  fc.assert(
    fc.property(trips, fc.double({ min: -1e6, max: 1e6, noNaN: true }), (all, truth) => {
      const samples = all.map(({ asked, there, thinking, back }) => ({
        askedMs: asked,
        receivedMs: asked + there + truth,
        sentMs: asked + there + thinking + truth,
        answeredMs: asked + there + thinking + back,
      }))
      const { offsetMs, uncertaintyMs } = clockOffset(samples)
      assert.ok(Math.abs(offsetMs - truth) <= uncertaintyMs + 1e-6)
      assert.ok(uncertaintyMs <= Math.min(...all.map(({ there, back }) => (there + back) / 2)) + 1e-6)
    }),
  )
})

test('an offset can’t be read from nothing', () => {
  assert.throws(() => clockOffset([]), RangeError)
})
