import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { logChanges, oneSided, type SeededValues } from '../../src/analysis/compare/change-test.ts'
import { compareRuns, undecidedCount } from '../../src/analysis/compare/compare.ts'
import { parseThreshold } from '../../src/analysis/compare/threshold.ts'
import { type HidingNoise, undecidedOf } from '../../src/analysis/compare/undecided.ts'
import { createRandom } from '../../src/model/index.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { aggregated, disaggregated } from '../render/synthetic-run.ts'

const noise = (sigma: number, change: Partial<HidingNoise> = {}): HidingNoise => ({
  single: { variance: 2 * sigma ** 2, freedom: 40 },
  growth: 2,
  repeats: 3,
  session: null,
  ...change,
})
const wide = [-0.2, 0.2] as const
const tail = 0.05 / 2 / 84

test('a change that matters and is not ruled out is undecided, with the repeats that would show it', () => {
  assert.deepEqual(undecidedOf(wide, noise(0.03), [], tail), { size: 0.05, repeats: 16, why: '' })
  assert.equal(undecidedOf([-0.04, 0.04], noise(0.03), [], tail), null)
})

test('a gate says which change matters, and in which direction', () => {
  const gate = parseThreshold('itl_p95>10%')
  assert.equal(undecidedOf([-0.2, 0.06], noise(0.03), [gate], tail), null)
  assert.equal(undecidedOf([-0.2, 0.15], noise(0.03), [gate], tail)?.size, 0.1)
})

test('without an estimate of noise no number of repeats is made up', () => {
  assert.deepEqual(undecidedOf(null, null, [], tail), { size: 0.05, repeats: null, why: 'noise is unknown' })
  assert.equal(undecidedOf(wide, noise(0.03, { single: null }), [], tail)?.why, 'noise is unknown')
})

test('no number of repeats decides where runs differ by more', () => {
  const session = { variance: 2 * 0.04 ** 2, freedom: 30 }
  assert.deepEqual(undecidedOf(wide, noise(0.03, { session }), [], tail), {
    size: 0.05,
    repeats: null,
    why: 'runs differ by more',
  })
  assert.equal(undecidedOf(wide, noise(0.5), [], tail)?.why, 'more than 100 repeats')
})

test('more noise, more tests or a smaller change never need fewer repeats, and always more than there are', () => {
  const repeats = (sigma: number, size: number, level: number) =>
    undecidedOf([-0.9, 0.9], noise(sigma), [parseThreshold(`itl_p95>${(100 * size).toFixed(1)}%`)], level)?.repeats ??
    1000
  const sigmas = fc.double({ min: 0.001, max: 0.3, noNaN: true })
  const sizes = fc.double({ min: 0.01, max: 0.5, noNaN: true })
  fc.assert(
    fc.property(sigmas, sizes, fc.integer({ min: 1, max: 2000 }), (sigma, size, tests) => {
      const needed = repeats(sigma, size, 0.025 / tests)
      assert.ok(needed > 3)
      assert.ok(repeats(sigma * 1.5, size, 0.025 / tests) >= needed)
      assert.ok(repeats(sigma, size / 1.5, 0.025 / tests) >= needed)
      assert.ok(repeats(sigma, size, 0.025 / tests / 10) >= needed)
    }),
  )
})

test('so many repeats do show the change in four of five comparisons', () => {
  const sigma = 0.03
  const needed = undecidedOf(wide, noise(sigma), [], tail)?.repeats
  assert.ok(typeof needed === 'number')
  const random = createRandom(7)
  const values = (mean: number, first: number): SeededValues =>
    Array.from({ length: needed }, (_, i) => ({ seed: first + i, value: mean * Math.exp(sigma * random.normal()) }))
  const comparisons = 400
  let shown = 0
  for (let i = 0; i < comparisons; i++) {
    const sides = Array.from({ length: 10 }, (_, point) => ({
      base: values(100, 1),
      head: values(point === 0 ? 105 : 100, 1000),
    }))
    const [change] = logChanges(sides)
    if (change && oneSided(change).up <= tail) shown++
  }
  const share = shown / comparisons
  assert.ok(share > 0.75 && share < 0.92, `${share}`)
})

test('a comparison says what is undecided; without repeats that is everything', () => {
  const options = { topologies: [aggregated(2), disaggregated(1, 1)], concurrencies: [1, 4, 16], repeats: 3 }
  const quiet = compareRuns(noisyRun(options, { seed: 1, noise: 0.002 }), noisyRun(options, { seed: 2, noise: 0.002 }))
  const loud = compareRuns(noisyRun(options, { seed: 1, noise: 0.06 }), noisyRun(options, { seed: 2, noise: 0.06 }))
  assert.equal(undecidedCount(quiet), 0)
  assert.ok(undecidedCount(loud) > 0)
  for (const change of loud.points.flatMap(point => point.changes))
    if (change.undecided !== null) assert.ok((change.undecided.repeats ?? 0) > 3)
  const once = { ...options, repeats: 1 }
  const blind = compareRuns(noisyRun(once, { seed: 1 }), noisyRun(once, { seed: 2 }))
  const changes = blind.points.flatMap(point => point.changes)
  assert.equal(undecidedCount(blind), changes.length)
  assert.ok(changes.every(({ undecided }) => undecided?.why === 'noise is unknown'))
})
