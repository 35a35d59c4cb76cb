import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SteadyState } from '../../src/metrics/measurement.ts'
import { steadyState } from '../../src/metrics/steady.ts'
import type { Random } from '../../src/model/numbers/random.ts'
import { createRandom } from '../../src/model/numbers/random.ts'

/** A value a second. */
function judged(count: number, value: (at: number) => number): SteadyState | null {
  return steadyState({
    atS: Float64Array.from({ length: count }, (_, at) => at),
    values: Float64Array.from({ length: count }, (_, at) => value(at)),
  })
}

/** Share of 200 seeded series that are called steady. */
function steadyShare(count: number, series: (random: Random) => (at: number) => number): number {
  let steady = 0
  for (let run = 0; run < 200; run++) if (judged(count, series(createRandom(run)))?.reached) steady += 1
  return steady / 200
}

const autocorrelated = (random: Random, weight: number) => {
  let state = 0
  return () => {
    state = weight * state + random.normal()
    return 100 + 10 * state
  }
}

test('a constant series is steady from its start', () => {
  assert.deepEqual([judged(100, () => 7)?.reached, judged(100, () => 7)?.fromS], [true, 0])
})

test('noise around a level is steady', () => {
  assert.ok(steadyShare(640, random => () => 100 + 20 * random.normal()) >= 0.99)
})

test('skewed noise, as of queueing times, is steady', () => {
  assert.ok(steadyShare(640, random => () => 50 + 50 * random.exponential()) >= 0.99)
})

test('autocorrelated noise is steady', () => {
  assert.ok(steadyShare(640, random => autocorrelated(random, 0.8)) >= 0.97)
})

test('waves of a closed loop whose slots started at once are steady', () => {
  assert.ok(steadyShare(320, random => at => 50 + (at % 32) * 5 + random.normal()) >= 0.99)
})

test('a warm-up that dies down over the first fifth is cut where it ends', () => {
  const from: number[] = []
  for (let run = 0; run < 100; run++) {
    const random = createRandom(run)
    const state = judged(500, at => 100 + 200 * Math.max(0, 1 - at / 100) + 10 * random.normal())
    assert.equal(state?.reached, true)
    from.push(state.fromS)
  }
  const mean = from.reduce((sum, value) => sum + value, 0) / from.length
  assert.ok(mean > 80 && mean < 110, `cut at ${mean} of a true 100`)
})

test('latency that rises all the time, as in an overloaded open loop, is not steady', () => {
  assert.ok(steadyShare(320, random => at => 50 + 2 * at + 10 * random.normal()) <= 0.01)
})

test('a level that changes late is not steady', () => {
  assert.ok(steadyShare(320, random => at => (at < 220 ? 100 : 150) + 10 * random.normal()) <= 0.01)
})

test('what never became steady says which way it went and by how much', () => {
  assert.match(judged(200, at => 100 + at)?.note ?? '', /^it rose by 2\d% /)
  assert.match(judged(200, at => 400 - at)?.note ?? '', /^it fell by 20% /)
})

test('below 40 values nothing is said', () => {
  assert.equal(
    judged(39, () => 1),
    null,
  )
  assert.notEqual(
    judged(40, () => 1),
    null,
  )
})
