import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isWarm, type Load, windowOf } from '../../src/model/index.ts'

describe('an open loop is warm', () => {
  const soFar = { wanted: 5, answered: 5, elapsedMs: 10_000, longestLatencyMs: 2000, shortestLatencyMs: 1000 }

  test('when what was wanted is answered and two latencies have passed', () => {
    assert.equal(isWarm(soFar, 60_000), true)
    assert.equal(isWarm({ ...soFar, answered: 4 }, 60_000), false)
    assert.equal(isWarm({ ...soFar, longestLatencyMs: 6000 }, 60_000), false)
  })

  test('after one answer at least, although nothing was wanted', () => {
    const none = {
      wanted: 0,
      answered: 0,
      elapsedMs: 5000,
      longestLatencyMs: 0,
      shortestLatencyMs: Number.POSITIVE_INFINITY,
    }
    assert.equal(isWarm(none, 10_000), false)
  })

  test('after as long as its window, where latency grows for ever', () => {
    assert.equal(isWarm({ ...soFar, longestLatencyMs: 9000, shortestLatencyMs: 100 }, 10_000), true)
  })

  test('later than its window where even short answers take long', () => {
    const slow = { ...soFar, longestLatencyMs: 9000, shortestLatencyMs: 8000 }
    assert.equal(isWarm(slow, 10_000), false)
    assert.equal(isWarm({ ...slow, elapsedMs: 18_000 }, 10_000), true)
  })

  test('after a minute without answers: the window shows why', () => {
    const silent = {
      wanted: 1,
      answered: 0,
      elapsedMs: 60_000,
      longestLatencyMs: 0,
      shortestLatencyMs: Number.POSITIVE_INFINITY,
    }
    assert.equal(isWarm(silent, 10_000), true)
    assert.equal(isWarm(silent, 90_000), false)
  })
})

describe('the window of a load', () => {
  const closed = (concurrency: number, warmup: number) => ({
    level: { kind: 'concurrency', concurrency } as const,
    warmup,
  })
  const cases: readonly [string, Pick<Load, 'level' | 'warmup' | 'window'>, number, 'steady' | 'whole'][] = [
    ['a warm-up of a request a slot', closed(4, 4), 1, 'steady'],
    ['a warm-up that leaves a slot cold', closed(4, 3), 1, 'whole'],
    ['no warm-up', closed(1, 0), 1, 'whole'],
    ['conversations that do not reach every slot', closed(4, 8), 3, 'whole'],
    ['a conversation in every slot', closed(4, 12), 3, 'steady'],
    ['a whole run that was asked for', { ...closed(4, 8), window: 'whole' }, 1, 'whole'],
    [
      'an open loop',
      { level: { kind: 'rate', requestsPerS: 1, arrivals: { kind: 'poisson' } }, warmup: 0 },
      1,
      'steady',
    ],
    ['a trace', { level: { kind: 'trace', file: 'x', speed: 1 }, warmup: 9 }, 1, 'whole'],
  ]
  for (const [what, load, turns, window] of cases)
    test(`is ${window} with ${what}`, () => assert.equal(windowOf(load, turns), window))
})
