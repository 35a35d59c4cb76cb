import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../../src/analysis/analyse.ts'
import { bottleneckAt } from '../../../src/analysis/tune/bottleneck.ts'
import { tune } from '../../../src/analysis/tune/tune.ts'
import type { PointResult } from '../../../src/journal/event.ts'
import type { Measurement } from '../../../src/metrics/measurement.ts'
import { disaggregated, syntheticRun } from '../../report/synthetic-run.ts'

const gauge = (value: number) => ({ mean: value, max: value, last: value })

/** The bottleneck of a lone point whose measurement was changed. */
function bottleneckOf(change: (measurement: Measurement) => Measurement) {
  const changed = (result: PointResult): PointResult => ({
    ...result,
    measurement: result.measurement === null ? null : change(result.measurement),
  })
  const run = syntheticRun({
    topologies: [disaggregated(1, 1)],
    concurrencies: [8],
    workloads: [[1000, 1000]],
    change: changed,
  })
  const [point] = analyse(run).points
  assert.ok(point !== undefined)
  return bottleneckAt(point, null)
}

describe('the bottleneck', () => {
  test('is the client when the generator’s CPU was nearly used up, whatever the workers say', () => {
    const found = bottleneckOf(m => ({
      ...m,
      client: { ...m.client, cpuShare: 0.95 },
      server: { 'prefill-0': { 'trtllm:num_requests_waiting': gauge(9) } },
    }))
    assert.equal(found.stage, 'client')
    assert.match(found.evidence[0] ?? '', /95 %/)
  })
  test('is KV memory when a role’s cache is full', () => {
    const found = bottleneckOf(m => ({ ...m, server: { 'decode-0': { 'trtllm:kv_cache_usage_perc': gauge(0.97) } } }))
    assert.equal(found.stage, 'KV memory')
    assert.match(found.next, /decode/)
  })
  test('is prefill queueing when requests wait at prefill workers', () => {
    const found = bottleneckOf(m => ({
      ...m,
      server: {
        'prefill-0': { 'trtllm:num_requests_waiting': gauge(4) },
        'decode-0': { 'trtllm:num_requests_waiting': gauge(0) },
      },
    }))
    assert.equal(found.stage, 'prefill queueing')
    assert.match(found.evidence[0] ?? '', /^4\.0 requests waited at each prefill worker/)
  })
  test('is the decode batch when requests wait at decode workers', () => {
    assert.equal(
      bottleneckOf(m => ({ ...m, server: { 'decode-0': { 'trtllm:num_requests_waiting': gauge(4) } } })).stage,
      'decode batch',
    )
  })
  test('is the frontend only when the requests without a first token are at no worker', () => {
    const withReading = (reading: number) =>
      bottleneckOf(m => ({
        ...m,
        client: { ...m.client, inFlight: { mean: 8, max: 8 } },
        server: {
          frontend: { dynamo_frontend_queued_requests: gauge(7) },
          'prefill-0': { 'trtllm:num_requests_running': gauge(reading), 'trtllm:num_requests_waiting': gauge(0) },
        },
      })).stage
    assert.equal(withReading(0), 'frontend')
    assert.notEqual(withReading(7), 'frontend')
  })
  test('comes with the requests in each stage by Little’s law', () => {
    assert.ok(
      bottleneckOf(m => m).evidence.some(
        line => line.startsWith('By Little’s law') || line.startsWith("By Little's law"),
      ),
    )
  })
})

describe('the answer of a run', () => {
  const answers = tune(analyse(syntheticRun({ repeats: 3 })))
  test('has one entry for each workload, with the concurrency per GPU of what is recommended', () => {
    assert.equal(answers.length, 2)
    for (const { recommendation, concurrencyPerGpu } of answers) {
      const { best } = recommendation
      assert.ok(best !== null && best.load.level.kind === 'concurrency')
      assert.equal(concurrencyPerGpu, best.load.level.concurrency / best.gpus)
    }
  })
  test('compares aggregated and disaggregated at equal GPU counts only', () => {
    for (const { servingModes } of answers) {
      for (const { aggregated, disaggregated: other, gpus } of servingModes)
        assert.deepEqual([aggregated.gpus, other.gpus], [gpus, gpus])
    }
    assert.ok(answers.some(({ servingModes }) => servingModes.length > 0))
  })
  test('has no bottleneck where nothing valid was measured', () => {
    const nothing = syntheticRun({ change: result => ({ ...result, status: 'failed', measurement: null }) })
    for (const answer of tune(analyse(nothing))) {
      assert.equal(answer.bottleneck, null)
      assert.equal(answer.recommendation.basis, 'nothing')
    }
  })
})
