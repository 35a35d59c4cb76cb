import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { arrivalTimesMs } from '../../src/generators/arrivals.ts'
import type { Arrivals, LoadLevel, Stage } from '../../src/model/index.ts'

type Rate = Extract<LoadLevel, { kind: 'rate' }>
type Stages = Extract<LoadLevel, { kind: 'stages' }>

const rate = (requestsPerS: number, arrivals: Arrivals): Rate => ({ kind: 'rate', requestsPerS, arrivals })
const stages = (list: readonly Stage[], arrivals: Arrivals = { kind: 'constant' }): Stages => ({
  kind: 'stages',
  stages: list,
  arrivals,
})
const gapsOf = (times: Float64Array) => Array.from(times.subarray(1), (time, at) => time - (times[at] ?? 0))
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const variation = (values: readonly number[]) => {
  const centre = mean(values)
  return Math.sqrt(mean(values.map(value => (value - centre) ** 2))) / centre
}
const near = (actual: number, expected: number, share: number) =>
  assert.ok(Math.abs(actual - expected) <= share * expected, `${actual} is not ${expected} within ${share * 100} %`)

test('constant arrivals begin at once and come evenly', () => {
  assert.deepEqual([...arrivalTimesMs(rate(4, { kind: 'constant' }), { requests: 4 }, 1)], [0, 250, 500, 750])
})

test('a duration takes every arrival before its end', () => {
  assert.equal(arrivalTimesMs(rate(10, { kind: 'constant' }), { durationS: 2 }, 1).length, 20)
})

test('Poisson arrivals have the rate and the variation of an exponential', () => {
  const gaps = gapsOf(arrivalTimesMs(rate(50, { kind: 'poisson' }), { requests: 50_000 }, 1))
  near(mean(gaps), 20, 0.02)
  near(variation(gaps), 1, 0.02)
})

for (const burstiness of [0.25, 1, 4]) {
  test(`gamma arrivals of burstiness ${burstiness} keep the rate and vary as 1/√burstiness`, () => {
    const gaps = gapsOf(arrivalTimesMs(rate(50, { kind: 'gamma', burstiness }), { requests: 50_000 }, 1))
    near(mean(gaps), 20, 0.03)
    near(variation(gaps), 1 / Math.sqrt(burstiness), 0.03)
  })
}

test('a ramp from 0 sends as many as its rate adds up to, more and more of them', () => {
  const times = arrivalTimesMs(stages([{ requestsPerS: 100, durationS: 10, jump: false }]), {}, 1)
  assert.equal(times.length, 500)
  // The integral of 10·t is 5·t²: a quarter of the requests in the first half of the time.
  assert.equal(times.filter(time => time < 5000).length, 125)
})

test('a jump holds its rate from the start of its stage', () => {
  const list = [
    { requestsPerS: 10, durationS: 2, jump: true },
    { requestsPerS: 100, durationS: 1, jump: true },
  ]
  const times = arrivalTimesMs(stages(list), {}, 1)
  assert.equal(times.length, 120)
  assert.equal(times.filter(time => time < 1999.999).length, 20)
})

test('a stage at rate 0 sends nothing', () => {
  const list = [
    { requestsPerS: 10, durationS: 1, jump: true },
    { requestsPerS: 0, durationS: 5, jump: true },
    { requestsPerS: 10, durationS: 1, jump: true },
  ]
  const times = arrivalTimesMs(stages(list), {}, 1)
  assert.equal(times.length, 20)
  assert.equal(times.filter(time => time > 1000.001 && time < 5999.999).length, 0)
})

test('a ramp down to 0 ends, however many requests were asked', () => {
  const list = [
    { requestsPerS: 10, durationS: 1, jump: true },
    { requestsPerS: 0, durationS: 2, jump: false },
  ]
  assert.equal(arrivalTimesMs(stages(list), { requests: 1000 }, 1).length, 20)
})

test('random arrivals follow a ramp as well', () => {
  const ramp = stages([{ requestsPerS: 1000, durationS: 20, jump: false }], { kind: 'poisson' })
  const times = arrivalTimesMs(ramp, {}, 1)
  near(times.length, 10_000, 0.03)
  near(times.filter(time => time < 10_000).length, 2500, 0.06)
})

const anyArrivals: fc.Arbitrary<Arrivals> = fc.oneof(
  fc.constant<Arrivals>({ kind: 'constant' }),
  fc.constant<Arrivals>({ kind: 'poisson' }),
  fc.double({ min: 0.1, max: 10, noNaN: true }).map(burstiness => ({ kind: 'gamma', burstiness }) satisfies Arrivals),
)
const anyStage = fc.record({
  requestsPerS: fc.double({ min: 0, max: 200, noNaN: true }),
  durationS: fc.double({ min: 0.1, max: 5, noNaN: true }),
  jump: fc.boolean(),
})

test('times ascend, lie within the stages, and are the same for the same seed', () => {
  fc.assert(
    fc.property(
      fc.array(anyStage, { minLength: 1, maxLength: 4 }),
      anyArrivals,
      fc.integer(),
      (list, arrivals, seed) => {
        const times = arrivalTimesMs(stages(list, arrivals), {}, seed)
        const endMs = 1000 * list.reduce((sum, stage) => sum + stage.durationS, 0)
        for (const [at, time] of times.entries()) assert.ok(time >= (times[at - 1] ?? 0) && time < endMs)
        assert.deepEqual(arrivalTimesMs(stages(list, arrivals), {}, seed), times)
      },
    ),
  )
})

test('constant arrivals of any stages are as many as the area under the rate', () => {
  fc.assert(
    fc.property(fc.array(anyStage, { minLength: 1, maxLength: 4 }), list => {
      let from = 0
      let area = 0
      for (const stage of list) {
        area += (((stage.jump ? stage.requestsPerS : from) + stage.requestsPerS) / 2) * stage.durationS
        from = stage.requestsPerS
      }
      const sent = arrivalTimesMs(stages(list), {}, 1).length
      assert.ok(Math.abs(sent - area) <= 1 + 1e-6, `${sent} sent, area ${area}`)
    }),
  )
})

test('another seed gives other times', () => {
  const level = rate(10, { kind: 'poisson' })
  assert.notDeepEqual(arrivalTimesMs(level, { requests: 5 }, 1), arrivalTimesMs(level, { requests: 5 }, 2))
})
