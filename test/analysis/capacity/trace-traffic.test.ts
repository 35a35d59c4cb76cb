import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { trafficOfTrace } from '../../../src/analysis/capacity/trace-traffic.ts'

const centres = [
  { name: 'long', isl: 8000, osl: 200 },
  { name: 'short', isl: 500, osl: 500 },
]

function recorded(requests: readonly (readonly [atS: number, isl: number, osl: number])[]) {
  return {
    count: requests.length,
    atMs: Float64Array.from(requests, ([at]) => at * 1000),
    inputTokens: Uint32Array.from(requests, ([, isl]) => isl),
    outputTokens: Uint32Array.from(requests, ([, , osl]) => osl),
  }
}

describe('the traffic of a trace', () => {
  test('peaks in its busiest minute', () => {
    const quiet = Array.from({ length: 60 }, (_, i) => [i, 8000, 200] as const)
    const busy = Array.from({ length: 120 }, (_, i) => [60 + i / 2, 8000, 200] as const)
    const { demand } = trafficOfTrace(recorded([...quiet, ...busy, [121, 8000, 200]]), centres)
    assert.deepEqual(demand, { kind: 'peak', requestsPerS: 2 })
  })
  test('counts a burst that the end of the trace cuts off, at the rate that was recorded', () => {
    const quiet = Array.from({ length: 60 }, (_, i) => [i, 100, 40] as const)
    const burst = Array.from({ length: 11_800 }, (_, i) => [60 + i / 200, 100, 40] as const)
    const { demand, notes } = trafficOfTrace(recorded([...quiet, ...burst]), centres)
    assert.ok(demand.kind === 'peak' && Math.abs(demand.requestsPerS - 200) < 0.01, JSON.stringify(demand))
    assert.match(notes?.join(' ') ?? '', /ends 59 s into its busiest minute/)
  })
  test('makes no peak of a few requests at the end', () => {
    const quiet = Array.from({ length: 121 }, (_, i) => [i, 100, 40] as const)
    for (const [atS, most] of [
      [120, 65 / 60],
      [165, 1],
    ] as const) {
      const end = Array.from({ length: 5 }, (_, i) => [atS + i / 1000, 100, 40] as const)
      const { demand } = trafficOfTrace(recorded([...quiet, ...end]), centres)
      assert.ok(demand.kind === 'peak' && demand.requestsPerS <= most, JSON.stringify(demand))
    }
  })
  test('finds the busiest minute wherever it begins', () => {
    const burst = Array.from({ length: 120 }, (_, i) => [330 + i / 2, 100, 40] as const)
    const { demand } = trafficOfTrace(recorded([[0, 100, 40], ...burst, [900, 100, 40]]), centres)
    assert.deepEqual(demand, { kind: 'peak', requestsPerS: 2 })
  })
  test('is the rate that requests came at, whatever part of the last minute was recorded', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 2000 }), fc.integer({ min: 1, max: 50 }), (count, perS) => {
        const even = Array.from({ length: count }, (_, i) => [i / perS, 100, 40] as const)
        const { demand } = trafficOfTrace(recorded(even), centres)
        assert.ok(demand.kind === 'peak' && Math.abs(demand.requestsPerS / perS - 1) < 0.02, JSON.stringify(demand))
      }),
    )
  })
  test('of one moment does not exist', () => {
    for (const one of [[[0, 100, 40]], Array.from({ length: 50 }, () => [0, 100, 40] as const)] as const)
      assert.throws(() => trafficOfTrace(recorded(one as [number, number, number][]), centres), RangeError)
  })
  test('of months, a million requests and more, is told', () => {
    const minutes = 121 * 1440
    const { demand, day, busiestHour } = trafficOfTrace(
      recorded(Array.from({ length: 8 * minutes }, (_, i) => [i * 7.5, 100, 40] as const)),
      centres,
    )
    assert.deepEqual(demand, { kind: 'peak', requestsPerS: 8 / 60 })
    assert.ok(day.every(factor => Math.abs(factor - 1) < 1e-3))
    assert.ok(Math.abs((busiestHour ?? 0) - 1) < 1e-3)
  })
  test('makes tokens by its hours, not by its busiest minute', () => {
    const steady = Array.from({ length: 3600 }, (_, i) => [i, 100, 40] as const)
    const burst = Array.from({ length: 540 }, (_, i) => [1800 + i / 9, 100, 40] as const)
    const requests = [...steady, ...burst].toSorted(([a], [b]) => a - b)
    const { demand, busiestHour } = trafficOfTrace(recorded(requests), centres)
    assert.ok(demand.kind === 'peak' && Math.abs(demand.requestsPerS - 10) < 0.2)
    assert.ok(Math.abs((busiestHour ?? 0) - 4140 / 3600 / 10) < 0.01, String(busiestHour))
  })
  test('is told apart by the nearest lengths, each kind with the mean of its own', () => {
    const { mix } = trafficOfTrace(
      recorded([
        [0, 6000, 100],
        [1, 10_000, 300],
        [2, 9000, 200],
        [3, 400, 600],
      ]),
      centres,
    )
    assert.deepEqual(
      mix.map(({ share, isl, osl }) => [share, Math.round(isl), osl]),
      [
        [0.75, 8333, 200],
        [0.25, 400, 600],
      ],
    )
  })
  test('has the day of a trace whose last hour is not whole', () => {
    const hours = Array.from({ length: 24 }, (_, hour) =>
      Array.from({ length: hour === 23 ? 6 : 12 }, (_, i) => [hour * 3600 + i * 300 + 299, 500, 500] as const),
    ).flat()
    const { day } = trafficOfTrace(recorded(hours.slice(0, -1)), centres)
    assert.ok(day.every(factor => factor === 1))
    const late = Array.from({ length: 36 }, (_, hour) =>
      Array.from({ length: hour % 24 === 3 ? 100 : 10 }, (_, i) => [hour * 3600 + i, 500, 500] as const),
    ).flat()
    assert.equal(trafficOfTrace(recorded(late), centres).day[3], 1)
  })
  test('has the day of a trace of a day, and a flat one of less', () => {
    const hours = Array.from({ length: 25 }, (_, hour) =>
      Array.from({ length: hour === 20 ? 100 : 10 }, (_, i) => [hour * 3600 + i, 500, 500] as const),
    ).flat()
    const { day } = trafficOfTrace(recorded(hours), centres)
    assert.equal(day[20], 1)
    assert.equal(day[3], 0.1)
    assert.ok(trafficOfTrace(recorded(hours.slice(0, 50)), centres).day.every(factor => factor === 1))
  })
})
