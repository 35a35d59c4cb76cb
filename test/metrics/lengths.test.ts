import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { drawLengths } from '../../src/metrics/statistics/lengths.ts'
import type { Length } from '../../src/model/index.ts'
import { createRandom, meanTokens } from '../../src/model/index.ts'

const drawn = (length: Length, count: number, least?: number) => [
  ...drawLengths(length, count, createRandom(100), least),
]
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const deviation = (values: readonly number[]) => {
  const centre = mean(values)
  return Math.sqrt(mean(values.map(value => (value - centre) ** 2)))
}

test('fixed lengths are all the same', () => {
  assert.deepEqual(drawn({ kind: 'fixed', tokens: 8000 }, 3), [8000, 8000, 8000])
})

const spread: readonly Length[] = [
  { kind: 'normal', mean: 1000, stddev: 200 },
  { kind: 'lognormal', mean: 1000, stddev: 800 },
  { kind: 'uniform', min: 500, max: 1500 },
  {
    kind: 'empirical',
    values: [
      { tokens: 100, weight: 3 },
      { tokens: 3000, weight: 1 },
    ],
  },
]

for (const length of spread) {
  test(`already 200 ${length.kind} lengths have the mean that was asked, within 1%`, () => {
    const asked = meanTokens(length)
    assert.ok(Math.abs(mean(drawn(length, 200)) - asked) < 0.01 * asked)
  })
}

test('normal and lognormal lengths have the standard deviation that was asked', () => {
  assert.ok(Math.abs(deviation(drawn({ kind: 'normal', mean: 1000, stddev: 200 }, 1000)) - 200) < 4)
  assert.ok(Math.abs(deviation(drawn({ kind: 'lognormal', mean: 1000, stddev: 400 }, 10_000)) - 400) < 8)
})

test('uniform lengths reach both ends equally often and nothing beyond', () => {
  const lengths = drawn({ kind: 'uniform', min: 3, max: 6 }, 4000)
  const counts = [3, 4, 5, 6].map(tokens => lengths.filter(length => length === tokens).length)
  assert.deepEqual(counts, [1000, 1000, 1000, 1000])
})

test('empirical lengths come as often as their weights say', () => {
  const lengths = drawn(spread[3] ?? { kind: 'fixed', tokens: 1 }, 400)
  assert.equal(lengths.filter(length => length === 100).length, 300)
})

test('the order is shuffled, not ascending', () => {
  const lengths = drawn({ kind: 'uniform', min: 1, max: 1000 }, 100)
  assert.notDeepEqual(
    lengths,
    lengths.toSorted((a, b) => a - b),
  )
})

test('no length is below the least', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 100 }), (least, stddev) => {
      assert.ok(drawn({ kind: 'normal', mean: 10, stddev }, 50, least).every(length => length >= least))
    }),
  )
})
