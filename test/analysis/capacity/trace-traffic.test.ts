import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
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
