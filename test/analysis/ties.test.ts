import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '../../src/analysis/analyse.ts'
import { estimateFrom } from '../../src/analysis/estimate.ts'
import { bestByThroughput, isTie } from '../../src/analysis/ties.ts'
import type { PointResult } from '../../src/journal/event.ts'
import { gpusOf, topologyLabel } from '../../src/model/index.ts'
import { disaggregated, syntheticRun } from '../render/synthetic-run.ts'

const once = (mean: number) => estimateFrom(mean, null, 1)
const repeated = (mean: number, stddev: number) => estimateFrom(mean, stddev, 3)

test('points measured once tie within a percent, repeated ones within what repeats show', () => {
  assert.ok(isTie(once(100), once(99.5)))
  assert.ok(!isTie(once(100), once(98)))
  assert.ok(isTie(repeated(100, 3), repeated(97, 3)))
  assert.ok(!isTie(repeated(100, 0.01), repeated(99.5, 0.01)))
  assert.ok(!isTie(repeated(100, 30), repeated(80, 30)))
})

test('the best gives no more than the tie allows away, and no tie has fewer GPUs', () => {
  const one = fc.record({ mean: fc.double({ min: 90, max: 110, noNaN: true }), gpus: fc.integer({ min: 1, max: 32 }) })
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 20 }), all => {
      const best = bestByThroughput(all, ({ mean, gpus }) => ({ throughput: once(mean), gpus }))
      const most = Math.max(...all.map(({ mean }) => mean))
      assert.ok(best !== undefined && isTie(once(most), once(best.mean)))
      for (const { mean, gpus } of all) assert.ok(gpus >= best.gpus || !isTie(once(most), once(mean)))
    }),
  )
})

/** Points of one load, with throughput per GPU as given and one place on the other axis. */
function analysed(perGpu: Readonly<Record<string, number>>, repeats = 1) {
  const place = (result: PointResult): PointResult => {
    const { deployment } = result.point
    const y = perGpu[topologyLabel(deployment.topology)] ?? 0
    const { measurement } = result
    if (measurement === null) return result
    const speed = measurement.outputTokensPerSPerUser
    return {
      ...result,
      measurement: {
        ...measurement,
        outputTokensPerS: y * gpusOf(deployment),
        outputTokensPerSPerUser: speed === null ? null : { ...speed, mean: 50 },
      },
    }
  }
  const [workload] = analyse(
    syntheticRun({
      workloads: [[1000, 100]],
      topologies: [disaggregated(4, 2), disaggregated(2, 1)],
      concurrencies: [4],
      slo: {},
      repeats,
      change: place,
    }),
  ).workloads
  return workload
}

test('of deployments that give the same per GPU, the smaller is recommended, and the tie is said', () => {
  for (const repeats of [1, 3]) {
    const recommendation = analysed({ '4P2D': 100, '2P1D': 99.95 }, repeats)?.recommendation
    assert.equal(recommendation?.best?.label, '2P1D')
    assert.equal(recommendation?.runnerUp?.point.label, '4P2D')
    assert.ok(
      recommendation?.caveats.some(caveat =>
        /4P2D on 24 GPUs gives the same throughput per GPU.*fewer GPUs \(12\)/.test(caveat),
      ),
    )
  }
})

test('a larger deployment that gives more per GPU is recommended', () => {
  assert.equal(analysed({ '4P2D': 100, '2P1D': 95 })?.recommendation.best?.label, '4P2D')
})

test('of equal places the frontier has the one on fewer GPUs', () => {
  assert.deepEqual(
    analysed({ '4P2D': 100, '2P1D': 100 })?.frontier.map(({ label }) => label),
    ['2P1D'],
  )
})
