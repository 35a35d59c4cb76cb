import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../../src/analysis/analyse.ts'
import { promptQueue } from '../../../src/analysis/capacity/prompt-queue.ts'
import { quantilesOf } from '../../../src/analysis/capacity/quantiles.ts'
import type { ResponseCurve } from '../../../src/analysis/capacity/response.ts'
import { distributionOf } from '../../../src/metrics/distribution.ts'
import { createRandom, type Topology } from '../../../src/model/index.ts'
import { aggregated, disaggregated, syntheticRun } from '../../render/synthetic-run.ts'

/** Times of prompts whose lengths vary as traffic's do, ms. */
function services(count: number, spread: number): number[] {
  const random = createRandom('services')
  const variance = Math.log(1 + spread ** 2)
  return Array.from({ length: count }, () => 100 * Math.exp(Math.sqrt(variance) * random.normal() - variance / 2))
}

/**
 * TTFTs of random arrivals dealt out in turn over workers that take one prompt after another (Lindley's recursion), or
 * all that wait in one pass.
 */
function truth(requestsPerS: number, workers: number, spread: number, batched: boolean): number[] {
  const random = createRandom('arrivals')
  const free = new Float64Array(workers)
  let at = 0
  const all = services(60_000, spread).map(service => {
    at += (1000 / requestsPerS) * random.exponential()
    return { at, service }
  })
  if (batched)
    return Array.from({ length: workers }, (_, worker) => passes(all.filter((_, i) => i % workers === worker))).flat()
  return all.map(({ at, service }, i) => {
    const worker = i % workers
    const begun = Math.max(at, free[worker] ?? 0)
    free[worker] = begun + service
    return begun + service - at
  })
}

/** TTFTs of one worker that takes all waiting prompts into a pass, and answers them at its end. */
function passes(prompts: readonly { readonly at: number; readonly service: number }[]): number[] {
  const seen: number[] = []
  let end = 0
  while (seen.length < prompts.length) {
    const begun = Math.max(end, prompts[seen.length]?.at ?? 0)
    const later = prompts.findIndex(({ at }, i) => i >= seen.length && at > begun)
    const pass = prompts.slice(seen.length, later === -1 ? undefined : later)
    end = begun + pass.reduce((sum, { service }) => sum + service, 0)
    for (const { at } of pass) seen.push(end - at)
  }
  return seen
}

function curveOf(topology: Topology, spread: number): ResponseCurve {
  const [point] = analyse(syntheticRun({ topologies: [topology], concurrencies: [1] })).points
  const alone = distributionOf(Float64Array.from(services(60_000, spread)))
  assert.ok(point !== undefined && alone !== null)
  const ttftMs = quantilesOf([alone])
  return {
    kind: 'concurrency',
    steps: [{ load: 1, requestsPerS: 1, latencies: { ttftMs, itlMs: null, requestLatencyMs: null }, point }],
  }
}

/** The largest share of all that workers can do, 0–1, at which something holds. */
function bisected(holds: (busy: number) => boolean): number {
  let [low, high] = [0, 1]
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2
    if (holds(middle)) low = middle
    else high = middle
  }
  return low
}

describe('the queue of prompts', () => {
  for (const [label, topology, workers] of [
    ['one worker', disaggregated(1, 1), 1],
    ['two workers in turn', disaggregated(2, 1), 2],
    ['four aggregated workers in turn', aggregated(4), 4],
  ] as const)
    for (const spread of [0, 0.6, 1])
      test(`meets a TTFT about as often as ${label} do that work prompts off (spread ${spread})`, () => {
        const curve = curveOf(topology, spread)
        const queue = promptQueue(curve)
        const alone = curve.steps[0]?.latencies.ttftMs
        assert.ok(queue !== null && alone)
        for (const busy of [0.65, 0.8, 0.9]) {
          const seen = truth(10 * workers * busy, workers, spread, topology.kind === 'aggregated').toSorted(
            (x, y) => x - y,
          )
          const limit = 1.001 * (seen[Math.floor(0.95 * seen.length)] ?? 0)
          const wanted = seen.filter(value => value <= limit).length / seen.length
          const told = bisected(share => queue.shareWithin(10 * workers * share, limit, alone) >= wanted)
          assert.ok(Math.abs(told / busy - 1) < 0.1, `${told} busy for ${busy}`)
        }
      })
  test('is not told where no load was light enough to show what a prompt takes', () => {
    const { steps, kind } = curveOf(disaggregated(1, 1), 0.6)
    assert.equal(promptQueue({ kind, steps: steps.map(step => ({ ...step, load: 4 })) }), null)
    assert.equal(promptQueue({ kind: 'rate', steps }), null)
  })
  test('takes no prompt for longer than what was answered allows', () => {
    const { steps, kind } = curveOf(disaggregated(1, 1), 0)
    const alone = steps[0]?.latencies.ttftMs
    const batching = promptQueue({ kind, steps: steps.map(step => ({ ...step, requestsPerS: 50 })) })
    assert.ok(alone && batching !== null)
    assert.ok(batching.shareWithin(20, 200, alone) > 0.95)
  })
})
