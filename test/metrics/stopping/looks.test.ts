import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lookCounts } from '../../../src/metrics/stopping/looks.ts'

test('looks begin at the least, end at the most, and grow by half at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 100_000 }), (min, more) => {
      const max = min + more
      const counts = lookCounts(min, max)
      assert.equal(counts.at(-1), max)
      if (more > 0) assert.equal(counts[0], min)
      for (const [index, count] of counts.entries()) {
        const before = counts[index - 1] ?? 0
        assert.ok(count > before)
        if (index > 0) assert.ok(count <= Math.ceil(before * Math.SQRT2 * 2 ** 0.25) + 1, `${before} → ${count}`)
      }
    }),
  )
})

test('ten to a hundred rounds take eight looks', () => {
  assert.deepEqual(lookCounts(160, 1600), [160, 227, 320, 453, 640, 906, 1280, 1600])
})

test('where the least is the most there is one look', () => {
  assert.deepEqual(lookCounts(100, 100), [100])
})
