import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../src/model/numbers/random.ts'

const draw = (count: number, next: () => number) => Array.from({ length: count }, next)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const variance = (values: readonly number[]) => {
  const centre = mean(values)
  return mean(values.map(value => (value - centre) ** 2))
}
const near = (actual: number, expected: number, within: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= within, `${what}: ${actual} is not ${expected} ± ${within}`)

test('the same seed gives these numbers on every machine', () => {
  const random = createRandom(100)
  assert.deepEqual(
    draw(4, () => random.integer(1000)),
    [872, 84, 734, 557],
  )
})

test('different seeds give different numbers', () => {
  const [a, b] = [createRandom(1), createRandom(2)]
  assert.notDeepEqual(draw(4, a.uniform), draw(4, b.uniform))
})

test('a fork depends on its name, not on what was drawn before', () => {
  const [fresh, used] = [createRandom(7), createRandom(7)]
  draw(10, used.uniform)
  assert.deepEqual(draw(4, fresh.fork('isl').uniform), draw(4, used.fork('isl').uniform))
  assert.notDeepEqual(draw(4, fresh.fork('isl').uniform), draw(4, fresh.fork('osl').uniform))
})

test('uniform draws fill [0, 1) evenly', () => {
  const values = draw(100_000, createRandom(1).uniform)
  assert.ok(values.every(value => value >= 0 && value < 1))
  // Chi-squared over 100 cells, 99 degrees of freedom: 148 is the 99.9th percentile.
  const cells = Array<number>(100).fill(0)
  for (const value of values) cells[Math.floor(value * 100)] = (cells[Math.floor(value * 100)] ?? 0) + 1
  const chiSquared = cells.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
  assert.ok(chiSquared < 148, `chi-squared ${chiSquared}`)
})

test('integers stay below their bound and reach all of it', () => {
  const random = createRandom(3)
  assert.deepEqual(new Set(draw(1000, () => random.integer(7))), new Set([0, 1, 2, 3, 4, 5, 6]))
})

test('normal draws have mean 0 and standard deviation 1', () => {
  const values = draw(100_000, createRandom(4).normal)
  near(mean(values), 0, 0.012, 'mean')
  near(variance(values), 1, 0.02, 'variance')
  near(values.filter(value => value > 1.96).length / values.length, 0.025, 0.002, 'upper tail')
})

test('exponential draws have mean 1 and variance 1', () => {
  const values = draw(100_000, createRandom(5).exponential)
  near(mean(values), 1, 0.015, 'mean')
  near(variance(values), 1, 0.06, 'variance')
})

for (const shape of [0.25, 1, 4]) {
  test(`gamma draws of shape ${shape} have mean 1 and variance 1/shape`, () => {
    const random = createRandom(6)
    const values = draw(100_000, () => random.gamma(shape))
    near(mean(values), 1, 0.03, 'mean')
    near(variance(values) * shape, 1, 0.08, 'variance × shape')
  })
}
