import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFalling } from '../../../src/metrics/stopping/falling.ts'

const series = (count: number, of: (index: number) => number) =>
  Float64Array.from({ length: count }, (_, index) => of(index))

test('a fall of a few percent through the window is noticed, a rise of the same size is not', () => {
  assert.equal(isFalling(series(160, index => 100 - index / 50)), true)
  assert.equal(isFalling(series(160, index => 100 + index / 50)), false)
})

test('a fall below one percent is not noticed', () => {
  assert.equal(isFalling(series(160, index => 100 - index / 200)), false)
})

test('a series with fewer than 100 values is never said to fall', () => {
  assert.equal(isFalling(series(99, index => 1000 - index)), false)
  assert.equal(isFalling(series(100, index => 1000 - index)), true)
})

test('a series and its reverse do not both fall', () => {
  // Tenths of equal lengths, so that those of the reverse are the same.
  const values = fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { minLength: 100, maxLength: 100 })
  fc.assert(
    fc.property(values, forward => {
      assert.ok(!isFalling(Float64Array.from(forward)) || !isFalling(Float64Array.from(forward).reverse()))
    }),
  )
})
