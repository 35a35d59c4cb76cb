// Test part: unit
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { measuredPoints } from '../../../src/analysis/measured-point.ts'
import { bottleneckAt } from '../../../src/analysis/tune/bottleneck.ts'
import { disaggregated, syntheticRun } from '../../render/synthetic-run.ts'

/** Requests of each decode worker. */
type Worker = readonly [running: number, waiting: number]

/** What is said of a point whose decode workers hold so much, of so many requests in flight. */
function saidOf(workers: readonly Worker[], { durationS = 30, pages = workers.length } = {}) {
  const inFlight = workers.reduce((sum, [running, waiting]) => sum + running + waiting, 0)
  const gauge = (value: number) => ({ mean: value, max: value, last: value })
  const server = Object.fromEntries(
    workers
      .slice(0, pages)
      .map(([running, waiting], i) => [
        `decode-${i}`,
        { 'vllm:num_requests_running': gauge(running), 'vllm:num_requests_waiting': gauge(waiting) },
      ]),
  )
  const run = syntheticRun({
    ...{ topologies: [disaggregated(1, workers.length)], concurrencies: [32] },
    change: result =>
      result.measurement === null
        ? result
        : {
            ...result,
            measurement: {
              ...result.measurement,
              ...{ durationS, window: 'steady', server },
              client: { ...result.measurement.client, inFlight: { mean: inFlight, max: inFlight, share: 1 } },
            },
          },
  })
  const [point] = measuredPoints(run as typeof run)
  assert.ok(point)
  return bottleneckAt(point, { lightest: null, aggregated: null })
}

describe('requests that are spread unevenly', () => {
  test('are the bottleneck when they queue at one worker and another has room', () => {
    const { stage, role, evidence, next } = saidOf([
      [4, 10],
      [1, 0],
    ])
    assert.deepEqual([stage, role], ['router imbalance', null])
    assert.match(
      evidence[0] ?? '',
      /over the decode workers: decode-0 had 4\.0 running and 10 waiting, decode-1 had 1\.0 running and 0\.0 waiting/,
    )
    assert.match(next, /router/)
  })

  const others: readonly (readonly [
    why: string,
    workers: readonly Worker[],
    options?: Parameters<typeof saidOf>[1],
  ])[] = [
    [
      'every worker has a queue',
      [
        [4, 10],
        [4, 6],
      ],
    ],
    [
      'no worker has a queue',
      [
        [6, 0],
        [1, 0],
      ],
    ],
    [
      'the other is nearly as full',
      [
        [4, 4],
        [4, 0],
      ],
    ],
    [
      'a worker has no page',
      [
        [4, 10],
        [1, 0],
      ],
      { pages: 1 },
    ],
    [
      'the point is too short to tell',
      [
        [4, 10],
        [1, 0],
      ],
      { durationS: 3 },
    ],
    ['there is one worker', [[4, 10]]],
  ]
  for (const [why, workers, options] of others)
    test(`are not, where ${why}`, () => assert.notEqual(saidOf(workers, options).stage, 'router imbalance'))

  test('are never those of workers that hold the same', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.nat({ max: 50 }),
        fc.nat({ max: 50 }),
        (count, running, waiting) => {
          const said = saidOf(Array.from({ length: count }, () => [running, waiting] as const))
          assert.notEqual(said.stage, 'router imbalance')
        },
      ),
      { numRuns: 20 },
    )
  })
})
