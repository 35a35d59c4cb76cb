import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import { dominates } from '../../src/analysis/frontier.ts'
import type { MeasuredPoint } from '../../src/analysis/measured-point.ts'
import { objectives } from '../../src/analysis/slo.ts'
import type { PointResult } from '../../src/journal/event.ts'
import { topologyLabel } from '../../src/model/index.ts'
import { oneValue } from '../metrics/one-value.ts'
import { aggregated, disaggregated, failed, invalid, runOf, syntheticRun } from '../render/synthetic-run.ts'

const place = (point: MeasuredPoint) => ({ x: point.x?.mean ?? 0, y: point.y?.mean ?? 0 })

/** The result with another output throughput (all else as it was). */
const withThroughput = (result: PointResult, outputTokensPerS: number): PointResult => ({
  ...result,
  measurement: result.measurement === null ? null : { ...result.measurement, outputTokensPerS },
})

test('repeats of a point are one point whose figures are means with a confidence interval', () => {
  const analysis = analyse(syntheticRun({ repeats: 3 }))
  assert.equal(analysis.points.length, 2 * 4 * 5)
  for (const point of analysis.points) {
    const values = point.valid.map(m => m.outputTokensPerSPerUser?.mean ?? Number.NaN)
    assert.equal(values.length, 3)
    const mean = values.reduce((sum, value) => sum + value, 0) / 3
    assert.ok(Math.abs((point.x?.mean ?? 0) - mean) < 1e-9)
    const [low, high] = point.x?.ci95 ?? [0, 0]
    assert.ok(low < mean && mean < high)
  }
})

test('a point measured once has no confidence interval', () => {
  assert.ok(analyse(syntheticRun()).points.every(point => point.x?.ci95 === null))
})

test('an invalid point is never on the frontier, however good it looks', () => {
  const run = syntheticRun({
    change: (result, index) => (index % 7 === 0 ? invalid(withThroughput(result, 1e9)) : result),
  })
  const analysis = analyse(run)
  const onFrontier = analysis.workloads.flatMap(workload => workload.frontier)
  assert.ok(onFrontier.length > 0)
  assert.ok(onFrontier.every(point => point.status === 'ok'))
  assert.ok(analysis.points.some(point => point.status === 'invalid'))
})

test('an invalid repeat is left out of the mean and named in the reason', () => {
  const run = syntheticRun({ repeats: 3, change: r => (r.point.repeat === 2 ? invalid(withThroughput(r, 1e9)) : r) })
  for (const point of analyse(run).points) {
    assert.equal(point.status, 'ok')
    assert.equal(point.valid.length, 2)
    assert.ok((point.y?.mean ?? 0) < 1e6)
    assert.equal(point.reason, '1 of 3 repeats left out: the client was late')
  }
})

test('a workload has its own frontier: a point of an easier workload does not push it off', () => {
  const { workloads, overallFrontier } = analyse(syntheticRun())
  for (const { points, frontier } of workloads) {
    assert.ok(frontier.length > 0)
    for (const point of points)
      assert.equal(frontier.includes(point), !points.some(other => dominates(place(other), place(point))))
  }
  const all = workloads.flatMap(workload => workload.points)
  assert.ok(overallFrontier.every(on => !all.some(other => dominates(place(other), place(on)))))
})

test('per-GPU throughput divides by all GPUs, the role figures by the GPUs of the role', () => {
  const [point] = analyse(syntheticRun({ topologies: [disaggregated(3, 1)], concurrencies: [4] })).points
  const [m] = point?.valid ?? []
  assert.ok(point && m)
  assert.equal(point.gpus, 16)
  assert.equal(point.figures.output_tokens_per_s_per_gpu?.mean, (m.outputTokensPerS ?? Number.NaN) / 16)
  assert.equal(point.figures.input_tokens_per_s_per_prefill_gpu?.mean, (m.inputTokensPerS ?? Number.NaN) / 12)
  assert.equal(point.figures.output_tokens_per_s_per_decode_gpu?.mean, (m.outputTokensPerS ?? Number.NaN) / 4)
})

test('an aggregated deployment has no figure for prefill or decode GPUs', () => {
  const [point] = analyse(syntheticRun({ topologies: [aggregated(2)], concurrencies: [4] })).points
  assert.equal(point?.figures.input_tokens_per_s_per_prefill_gpu, null)
  assert.equal(point?.figures.output_tokens_per_s_per_decode_gpu, null)
})

test('deployments that share a topology are told apart by the settings that differ', () => {
  const labels = new Set(analyse(syntheticRun({ batchSizes: [4, 8] })).points.map(point => point.label))
  assert.ok(labels.has('2P1D · prefill.max_batch_size=4'))
  assert.ok(labels.has('agg x2 · aggregated.max_batch_size=8'))
})

test('the recommendation has the most tokens/s per GPU of the points that meet the SLO', () => {
  const run = syntheticRun({ slo: { ttftP95Ms: 900, itlP95Ms: 10 } })
  for (const { recommendation, points } of analyse(run).workloads) {
    assert.equal(recommendation.basis, 'slo')
    const meeting = points.filter(
      p => (p.figures.ttft_p95_ms?.mean ?? 0) <= 900 && (p.figures.itl_p95_ms?.mean ?? 0) <= 10,
    )
    assert.ok(meeting.length < points.length)
    assert.equal(recommendation.best?.y?.mean, Math.max(...meeting.map(p => p.y?.mean ?? 0)))
  }
})

test('the runner-up is of another deployment, and a lead measured once is of unknown certainty', () => {
  for (const { recommendation } of analyse(syntheticRun()).workloads) {
    assert.notEqual(recommendation.runnerUp?.point.deployment.id, recommendation.best?.deployment.id)
    assert.equal(recommendation.runnerUp?.lead.verdict, 'unknown')
    assert.ok(recommendation.caveats.some(caveat => caveat.includes('Add repeats')))
  }
})

test('two deployments that differ only by noise: no difference shown', () => {
  const noise = [1000, 1030, 970]
  const run = syntheticRun({
    topologies: [disaggregated(1, 2), disaggregated(2, 1)],
    concurrencies: [4],
    repeats: 3,
    slo: {},
    change: (r, index) =>
      withThroughput(r, (noise[index % 3] ?? 0) + (topologyLabel(r.point.deployment.topology) === '1P2D' ? 5 : 0)),
  })
  for (const { recommendation } of analyse(run).workloads) {
    assert.equal(recommendation.best?.label, '1P2D')
    assert.equal(recommendation.runnerUp?.lead.verdict, 'not-shown')
  }
})

test('when nothing meets the SLO the nearest point is named, as a miss', () => {
  for (const { recommendation } of analyse(syntheticRun({ slo: { itlP95Ms: 0.1 } })).workloads) {
    assert.equal(recommendation.basis, 'missed')
    assert.equal(recommendation.runnerUp, null)
  }
})

test('without a valid point nothing is recommended', () => {
  const run = syntheticRun({ change: r => failed(r, 'no answer') })
  for (const { recommendation, frontier } of analyse(run).workloads) {
    assert.equal(recommendation.basis, 'nothing')
    assert.equal(frontier.length, 0)
  }
})

test('aggregated and disaggregated are compared only on equal GPU counts', () => {
  const topologies = [aggregated(2), aggregated(3), disaggregated(1, 1), disaggregated(1, 2), disaggregated(2, 2)]
  for (const { servingModes } of analyse(syntheticRun({ topologies })).workloads) {
    assert.deepEqual(
      servingModes.map(row => row.gpus),
      [8, 12],
    )
    for (const row of servingModes) assert.equal(row.aggregated.gpus, row.disaggregated.gpus)
  }
})

test('the largest prefill share being best is said, since the optimum may lie outside the sweep', () => {
  const run = syntheticRun({
    workloads: [[8000, 16]],
    topologies: [disaggregated(1, 3), disaggregated(2, 2), disaggregated(3, 1)],
    concurrencies: [64],
    slo: {},
  })
  const [workload] = analyse(run).workloads
  assert.equal(workload?.recommendation.best?.label, '3P1D')
  assert.ok(workload?.recommendation.caveats.some(caveat => caveat.includes('largest prefill share')))
})

test('a run without any result has no workloads and an empty frontier', () => {
  const analysis = analyse(runOf([]))
  assert.deepEqual(analysis.workloads, [])
  assert.deepEqual(analysis.overallFrontier, [])
})

const all = (value: number) => oneValue(value, 40)

/** The result with answers of one token: no ITL, no decode speed. */
const oneToken = (result: PointResult, ttftMs: number): PointResult => ({
  ...result,
  measurement:
    result.measurement === null
      ? null
      : {
          ...result.measurement,
          itlMs: null,
          ttstMs: null,
          outputTokensPerSPerUser: null,
          ttftMs: all(ttftMs),
          requestLatencyMs: all(ttftMs),
          osl: all(1),
        },
})

test('answers of one token have no ITL to miss: they meet the SLO when the TTFT does', () => {
  const slo = { ttftP95Ms: 100, itlP95Ms: 25 }
  const run = (ttftMs: number) =>
    analyse(syntheticRun({ workloads: [[100, 1]], slo, change: result => oneToken(result, ttftMs) })).workloads[0]
  assert.equal(run(40)?.recommendation.basis, 'slo')
  assert.equal(run(140)?.recommendation.basis, 'missed')
  assert.ok(run(40)?.points.every(point => objectives(point).every(({ figure }) => figure !== 'itl_p95_ms')))
})

test('points of one-token answers are ranked by one token over the request latency', () => {
  const run = syntheticRun({ workloads: [[100, 1]], change: (result, index) => oneToken(result, 40 + index) })
  const [workload] = analyse(run).workloads
  assert.equal(workload?.points[0]?.x?.mean, 1000 / 40)
  assert.ok((workload?.frontier.length ?? 0) > 0)
})

test('one-token answers stay off the frontier of all workloads, where the others have a decode speed', () => {
  const workloads = [
    [100, 1],
    [1000, 1000],
  ] as const
  const run = syntheticRun({
    workloads,
    change: result => (result.point.workload.name === '100/1' ? oneToken(result, 0.001) : result),
  })
  const { overallFrontier } = analyse(run)
  assert.ok(overallFrontier.length > 0)
  assert.ok(overallFrontier.every(point => point.workload.name === '1000/1000'))
})

test('answers that arrive in one piece have no place on the frontier, and meet no SLO on ITL', () => {
  const whole = (result: PointResult): PointResult => ({
    ...result,
    measurement:
      result.measurement === null ? null : { ...result.measurement, itlMs: null, outputTokensPerSPerUser: null },
  })
  const [workload] = analyse(syntheticRun({ workloads: [[1000, 20]], change: whole })).workloads
  assert.deepEqual(workload?.frontier, [])
  assert.equal(workload?.recommendation.basis, 'missed')
})
