import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { monotoneCubic } from '../../../src/analysis/capacity/monotone-cubic.ts'

const points = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 10_000 })), {
    minLength: 1,
    maxLength: 10,
    selector: ([x]) => x,
  })
  .map(some => some.toSorted(([a], [b]) => a - b))

describe('a monotone cubic', () => {
  test('goes through its points, stays between neighbours and rises or falls as they do', () => {
    fc.assert(
      fc.property(points, some => {
        const curve = monotoneCubic(
          some.map(([x]) => x),
          some.map(([, y]) => y),
        )
        for (const [i, [x, y]] of some.entries()) {
          assert.ok(Math.abs(curve(x) - y) < 1e-6)
          const [nextX, nextY] = some[i + 1] ?? [x, y]
          const between = Array.from({ length: 21 }, (_, step) => curve(x + ((nextX - x) * step) / 20))
          for (const [step, value] of between.entries()) {
            assert.ok(value >= Math.min(y, nextY) - 1e-6 && value <= Math.max(y, nextY) + 1e-6)
            const before = between[step - 1] ?? value
            assert.ok((value - before) * Math.sign(nextY - y) >= -1e-6)
          }
        }
      }),
    )
  })
  test('stays at its ends beyond them', () => {
    const curve = monotoneCubic([1, 2, 4], [3, 5, 6])
    assert.deepEqual([curve(0), curve(9)], [3, 6])
  })
  test('follows a queue between loads a factor of two apart better than straight lines do', () => {
    // Closed loop of n on a station that answers 10/s, with 5 s elsewhere: asymptotic bounds with a knee at 50.
    const seconds = (n: number) => 0.1 + Math.max(0, n / 10 - 5)
    const loads = [1, 2, 4, 8, 16, 32, 64, 128, 256]
    const curve = monotoneCubic(loads, loads.map(seconds))
    const line = 0.1 + ((seconds(64) - 0.1) * (48 - 32)) / 32
    assert.ok(Math.abs(curve(48) - seconds(48)) < Math.abs(line - seconds(48)))
  })
})
