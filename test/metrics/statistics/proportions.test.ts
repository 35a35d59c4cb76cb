import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pairedDifference, unpairedDifference } from '../../../src/metrics/statistics/proportions.ts'
import { wilsonInterval } from '../../../src/metrics/statistics/wilson.ts'

const close = (value: number, expected: number, within: number) =>
  assert.ok(Math.abs(value - expected) <= within, `${value} is not within ${within} of ${expected}`)

test("Wilson's interval is that of the literature: 81 of 263 and 0 of 20 (Newcombe 1998)", () => {
  const [low, high] = wilsonInterval(81, 263)
  close(low, 0.2553, 1e-4)
  close(high, 0.3662, 1e-4)
  close(wilsonInterval(0, 20)[1], 0.1611, 1e-4)
})

test('an interval holds its share, stays within 0 and 1, and narrows with more questions', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.nat(), (n, k) => {
      const hits = k % (n + 1)
      const [low, high] = wilsonInterval(hits, n)
      assert.ok(low >= 0 && low <= hits / n && hits / n <= high && high <= 1)
      const [low4, high4] = wilsonInterval(hits * 4, n * 4)
      assert.ok(high4 - low4 <= high - low)
    }),
  )
})

test('the interval covers a true share about as often as it says, over all outcomes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 300 }), fc.integer({ min: 10, max: 90 }), (n, percent) => {
      const share = percent / 100
      let [covered, chance] = [0, (1 - share) ** n]
      for (let hits = 0; hits <= n; hits++) {
        const [low, high] = wilsonInterval(hits, n)
        if (low <= share && share <= high) covered += chance
        chance *= ((n - hits) / (hits + 1)) * (share / (1 - share))
      }
      assert.ok(covered > 0.9, `${covered} for ${share} of ${n}`)
    }),
    { numRuns: 60 },
  )
})

test("McNemar's exact test is a sign test of the questions that changed", () => {
  const { p, difference } = pairedDifference({ both: 50, onlyFirst: 9, onlySecond: 0, neither: 1 })
  close(p.down, 2 ** -9, 1e-12)
  assert.equal(p.up, 1)
  close(difference, -0.15, 1e-12)
})

test("Newcombe's intervals are those of his papers: 56/70 and 48/80 unpaired; 36, 2, 12, 0 paired", () => {
  const { ci95 } = unpairedDifference({ hits: 48, n: 80 }, { hits: 56, n: 70 })
  close(ci95[0], 0.0524, 2e-4)
  close(ci95[1], 0.3339, 2e-4)
  const paired = pairedDifference({ both: 36, onlyFirst: 2, onlySecond: 12, neither: 0 })
  assert.ok(paired.ci95[0] > 0 && paired.ci95[1] < 0.4)
})

test('a difference turns its sign when the sides are exchanged, and its interval holds it', () => {
  const counts = fc.record({ both: fc.nat(200), onlyFirst: fc.nat(50), onlySecond: fc.nat(50), neither: fc.nat(200) })
  fc.assert(
    fc.property(counts, one => {
      fc.pre(one.both + one.onlyFirst + one.onlySecond + one.neither > 0)
      const there = pairedDifference(one)
      const back = pairedDifference({ ...one, onlyFirst: one.onlySecond, onlySecond: one.onlyFirst })
      close(there.difference, -back.difference, 1e-12)
      close(there.p.down, back.p.up, 1e-12)
      assert.ok(there.ci95[0] <= there.difference + 1e-12 && there.difference <= there.ci95[1] + 1e-12)
    }),
  )
})
