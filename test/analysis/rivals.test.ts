import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '../../src/analysis/analyse.ts'
import { rivalLines } from '../../src/analysis/rivals.ts'
import type { PointResult } from '../../src/journal/event.ts'
import type { Run } from '../../src/journal/run.ts'
import { topologyLabel } from '../../src/model/index.ts'
import { aggregated, disaggregated, failed, invalid, runOf, syntheticRun } from '../render/synthetic-run.ts'

const concurrencyOf = ({ point: { load } }: PointResult) =>
  load.level.kind === 'concurrency' ? load.level.concurrency : 0
const isAt = (result: PointResult, topology: string, concurrency: number) =>
  topologyLabel(result.point.deployment.topology) === topology && concurrencyOf(result) === concurrency

/** Throughput in proportion to the load up to `full` a decode worker; TTFT and ITL well within the SLO. */
function even(result: PointResult, full = 1600): PointResult {
  const { measurement: m } = result
  if (m === null || m.ttftMs === null || m.itlMs === null) return result
  const { topology } = result.point.deployment
  const workers = topology.kind === 'disaggregated' ? topology.decode : topology.workers
  const tokensPerS = Math.min(100 * concurrencyOf(result), full * workers)
  return { ...result, measurement: { ...m, outputTokensPerS: tokensPerS, ttftMs: { ...m.ttftMs, p95: 100 } } }
}

const options = {
  topologies: [disaggregated(1, 1), disaggregated(2, 2)],
  concurrencies: [4, 16, 64],
  workloads: [[1000, 100]],
  slo: { ttftP95Ms: 1000 },
} as const

function rivalsOf(run: Run) {
  const [workload] = analyse(run).workloads
  assert.ok(workload !== undefined)
  return {
    ...workload.rivals,
    lines: rivalLines(workload.rivals, workload.recommendation),
    best: workload.recommendation.best,
  }
}

const labels = ({ points }: ReturnType<typeof rivalsOf>) =>
  points.map(({ label, load }) => `${label} ${load.kind === 'concurrency' ? load.concurrency : load.kind}`)

/** The run without these points' results: they were planned, and the run ended before them. */
function without(run: Run, isGone: (result: PointResult) => boolean): Run {
  const gone = run.results.filter(isGone)
  return { ...runOf(run.results.filter(result => !isGone(result))), unmeasured: gone.map(({ point }) => point) }
}

describe('a point without a valid measurement', () => {
  test('is named when lighter loads leave it room to win, with its reason, its bound and the command', () => {
    const run = syntheticRun({
      ...options,
      change: result => (isAt(result, '1P1D', 16) || isAt(result, '1P1D', 64) ? invalid(result) : even(result)),
    })
    const found = rivalsOf(run)
    assert.equal(found.best?.label, '2P2D')
    // Both are bounded by the four requests that were measured, in proportion, and by what 2P2D gives.
    assert.deepEqual(labels(found), ['1P1D 64', '1P1D 16'])
    assert.match(
      found.lines[0] ?? '',
      /^1P1D at concurrency 64 could overturn this: it is invalid \(the client was late\)\. It could reach \d+ tokens\/s per GPU, compared with 200\.$/,
    )
    assert.equal(found.command, 'fulcrum resume /nowhere/synthetic --again invalid')
  })
  test('is not named when measured points rule out that it gives as much', () => {
    // At concurrency 4 it gives at most what four requests give.
    const run = syntheticRun({ ...options, change: r => (isAt(r, '2P2D', 4) ? failed(r, 'no answer') : even(r)) })
    assert.deepEqual(rivalsOf(run).points, [])
    assert.equal(rivalsOf(run).command, null)
  })
  test('is not named when a lighter load of it, or a larger deployment, already misses the SLO', () => {
    const slow = (result: PointResult): PointResult => {
      const { measurement: m } = result
      const misses = concurrencyOf(result) >= 16
      return !misses || m?.ttftMs == null
        ? even(result)
        : { ...result, measurement: { ...m, ttftMs: { ...m.ttftMs, p95: 1500 } } }
    }
    const run = syntheticRun({
      ...options,
      change: result =>
        isAt(result, '2P2D', 64) || isAt(result, '1P1D', 16) ? failed(result, 'no answer') : slow(result),
    })
    assert.deepEqual(rivalsOf(run).points, [])
  })
  test('is named when it was never measured, and resuming the run measures it', () => {
    const run = without(syntheticRun({ ...options, change: result => even(result) }), result =>
      isAt(result, '2P2D', 64),
    )
    const found = rivalsOf(run)
    assert.deepEqual(labels(found), ['2P2D 64'])
    assert.match(found.lines[0] ?? '', /it has not been measured/)
    assert.equal(found.command, 'fulcrum resume /nowhere/synthetic')
  })
  test('is named without a bound when nothing of its kind was measured, nor anything under as little load', () => {
    const run = without(
      syntheticRun({ ...options, topologies: [disaggregated(1, 1), aggregated(2)], change: r => even(r) }),
      result => result.point.deployment.topology.kind === 'aggregated',
    )
    const found = rivalsOf(run)
    // Twice what 1P1D's requests get, at the same load: four of them can't reach what sixteen do.
    assert.deepEqual(labels(found), ['agg x2 16', 'agg x2 64'])
    const heavyOnly = without(run, result => concurrencyOf(result) < 64)
    const unbounded = rivalsOf({ ...heavyOnly, unmeasured: [...(run.unmeasured ?? [])] })
    assert.ok(unbounded.points.some(({ atMost }) => atMost === null))
    assert.match(unbounded.lines[0] ?? '', /No measured point says how much it gives/)
  })
  test('is named when its own invalid figures beat the recommendation, whatever its neighbours say', () => {
    const run = syntheticRun({
      ...options,
      change: result => {
        if (!isAt(result, '2P2D', 4)) return even(result)
        const { measurement: m } = result
        return invalid({ ...result, measurement: m && { ...m, outputTokensPerS: 9999 } })
      },
    })
    assert.deepEqual(labels(rivalsOf(run)), ['2P2D 4'])
  })
  test('is no rival when another repeat of it is valid', () => {
    const run = syntheticRun({
      ...options,
      repeats: 2,
      change: result => (result.point.repeat === 2 ? failed(result, 'no answer') : even(result)),
    })
    assert.deepEqual(rivalsOf(run).points, [])
  })
})

test('where nothing meets the SLO, a lighter load without a result could overturn what comes nearest', () => {
  const run = syntheticRun({
    ...options,
    slo: { ttftP95Ms: 1 },
    change: result => (concurrencyOf(result) === 4 ? failed(result, 'no answer') : result),
  })
  const found = rivalsOf(run)
  assert.deepEqual(labels(found).toSorted(), ['1P1D 4', '2P2D 4'])
  assert.equal(found.command, 'fulcrum resume /nowhere/synthetic --again failed')
})

test('a point that would win is always among the rivals once it is lost, where throughput grows as the bounds assume', () => {
  const loads = [1, 4, 16, 64]
  const topologies = [disaggregated(1, 1), disaggregated(1, 2), disaggregated(2, 1), disaggregated(2, 2)]
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 200, max: 4000 }), (lost, full) => {
      const whole = syntheticRun({ ...options, topologies, concurrencies: loads, change: result => even(result, full) })
      const { best } = rivalsOf(whole)
      const point = whole.results[lost]
      assert.ok(point !== undefined && best !== null)
      const found = rivalsOf(without(whole, result => result === point))
      const wouldWin = best.repeats.some(repeat => repeat.point.id === point.point.id)
      if (wouldWin) assert.ok(found.points.some(({ ids }) => ids.includes(point.point.id)))
    }),
    { seed: 11, numRuns: 60 },
  )
})
