import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../../src/analysis/analyse.ts'
import { bottleneckAt } from '../../../src/analysis/tune/bottleneck.ts'
import { referenceOf, tune } from '../../../src/analysis/tune/tune.ts'
import type { PointResult } from '../../../src/journal/event.ts'
import type { Measurement } from '../../../src/metrics/measurement.ts'
import { aggregated, disaggregated, syntheticRun } from '../../render/synthetic-run.ts'

const gauge = (value: number) => ({ mean: value, max: value, last: value })

/** With as many requests before their first token as a queue needs, by Little's law. */
const waitingLong = (m: Measurement): Measurement => ({ ...m, ttftMs: m.ttftMs && { ...m.ttftMs, mean: 20_000 } })

/** The bottleneck of a lone point whose measurement was changed. */
function bottleneckOf(change: (measurement: Measurement) => Measurement, topology = disaggregated(1, 1)) {
  const changed = (result: PointResult): PointResult => ({
    ...result,
    measurement: result.measurement === null ? null : change(waitingLong(result.measurement)),
  })
  const run = syntheticRun({
    topologies: [topology],
    concurrencies: [8],
    workloads: [[1000, 1000]],
    change: changed,
  })
  const [point] = analyse(run).points
  assert.ok(point !== undefined)
  // Settings of decode workers alone: those of aggregated ones are unknown.
  const { aggregated: _, ...engine } = point.deployment.engine
  const deployment = { ...point.deployment, engine }
  return bottleneckAt({ ...point, deployment }, { lightest: null, aggregated: null })
}

describe('the bottleneck', () => {
  test('is the client when the generator’s CPU was nearly used up, whatever the workers say', () => {
    const found = bottleneckOf(m => ({
      ...m,
      client: { ...m.client, cpuShare: 0.95 },
      server: { 'prefill-0': { 'trtllm:num_requests_waiting': gauge(9) } },
    }))
    assert.equal(found.stage, 'client')
    assert.match(found.evidence[0] ?? '', /95%/)
  })
  test('is KV memory when requests wait for a cache that has no room for one more', () => {
    const waitingWith = (used: number, running: number) =>
      bottleneckOf(m => ({
        ...m,
        server: {
          'decode-0': {
            'trtllm:kv_cache_usage_perc': gauge(used),
            'trtllm:num_requests_running': gauge(running),
            'trtllm:num_requests_waiting': gauge(4),
          },
        },
      }))
    // Five requests fill 90 %: a sixth would need 18 %. Ninety do the same: a ninety-first needs 1 %.
    assert.equal(waitingWith(0.9, 90).stage, 'decode batch')
    const found = waitingWith(0.9, 5)
    assert.equal(found.stage, 'KV memory')
    assert.equal(found.role, 'decode')
  })
  test('is KV memory although a busy machine’s scrapes miss the fullest moment, and engines keep blocks free', () => {
    // As Dynamo's mocker showed itself at a load average of 22: 200 blocks, 32 to 35 for each request.
    const server = {
      'decode-0': {
        'trtllm:kv_cache_usage_perc': { mean: 0.793056, max: 0.835, last: 0.81 },
        'trtllm:num_requests_running': { mean: 4.83333, max: 5, last: 5 },
        'trtllm:num_requests_waiting': { mean: 18.2778, max: 19, last: 18 },
      },
    }
    assert.equal(bottleneckOf(m => ({ ...m, server })).stage, 'KV memory')
  })
  test('is undecided where slots are unknown and the cache is full once its requests have grown', () => {
    const waitingWith = (used: number, slots: number | null) =>
      bottleneckOf(m => ({
        ...m,
        server: {
          'decode-0': {
            'trtllm:kv_cache_usage_perc': gauge(used),
            'trtllm:num_requests_running': gauge(4),
            'trtllm:num_requests_waiting': gauge(9),
            ...(slots === null ? {} : { dynamo_load_metrics_request_total_slots: gauge(slots) }),
          },
        },
      }))
    // 1000/1000: a request takes 19% on average, 25% at its end.
    const found = waitingWith(0.75, null)
    assert.equal(found.stage, 'undecided')
    assert.match(
      found.evidence[0] ?? '',
      /75% full, with 4\.0 requests in it: they may wait for its space, or for slots/,
    )
    assert.equal(waitingWith(0.75, 4).stage, 'decode batch')
    assert.equal(waitingWith(0.75, 64).stage, 'KV memory')
    assert.equal(waitingWith(0.6, 64).stage, 'decode batch')
  })
  test('is undecided when requests wait at aggregated workers whose slots and prefill time are unknown', () => {
    const server = {
      'aggregated-0': { 'trtllm:num_requests_waiting': gauge(4), 'trtllm:num_requests_running': gauge(3) },
    }
    const found = bottleneckOf(m => ({ ...m, server }), aggregated(1))
    assert.equal(found.stage, 'undecided')
    assert.match(
      found.evidence.join(' '),
      /4\.0 requests waited at each aggregated worker.*slots, whose number is unknown/,
    )
  })
  test('is prefill queueing when requests wait at prefill workers', () => {
    const found = bottleneckOf(m => ({
      ...m,
      server: {
        'prefill-0': { 'trtllm:num_requests_waiting': gauge(4), 'trtllm:num_requests_running': gauge(1) },
        'decode-0': { 'trtllm:num_requests_waiting': gauge(0), 'trtllm:num_requests_running': gauge(1) },
      },
    }))
    assert.equal(found.stage, 'prefill queueing')
    assert.match(found.evidence[0] ?? '', /^4\.0 requests waited at each prefill worker/)
  })
  test('is the decode batch when requests wait at decode workers', () => {
    assert.equal(
      bottleneckOf(m => ({
        ...m,
        server: { 'decode-0': { 'trtllm:num_requests_waiting': gauge(4), 'trtllm:num_requests_running': gauge(4) } },
      })).stage,
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
      bottleneckOf(m => m).evidence.some(line =>
        /^On average, .* requests waited for their first token .* \(Little's law\)\.$/.test(line),
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

describe('the bottleneck of points whose medians are known', () => {
  const grown = (lengths: readonly [number, number], topology = disaggregated(1, 1)) => {
    const { points } = analyse(syntheticRun({ topologies: [topology], concurrencies: [1, 64], workloads: [lengths] }))
    const heavy = points.at(-1)
    assert.ok(heavy !== undefined)
    return bottleneckAt(heavy, referenceOf(heavy, points))
  }
  test('is where load has added most of the latency', () => {
    assert.equal(grown([8000, 16]).stage, 'prefill queueing')
    assert.equal(grown([100, 1000]).stage, 'decode batch')
  })
  test('is a first token that is late without any load, where an aggregated deployment’s is not', () => {
    const slowTransfer = (result: PointResult): PointResult => {
      const { measurement } = result
      if (measurement?.ttftMs == null || result.point.deployment.topology.kind === 'aggregated') return result
      const ttftMs = { ...measurement.ttftMs, p50: (measurement.ttftMs.p50 ?? Number.NaN) + 2000 }
      return { ...result, measurement: { ...measurement, ttftMs } }
    }
    const { points } = analyse(
      syntheticRun({
        topologies: [disaggregated(1, 1), aggregated(1)],
        concurrencies: [1, 2],
        workloads: [[8000, 16]],
        change: slowTransfer,
      }),
    )
    const point = points[1]
    assert.ok(point !== undefined)
    const found = bottleneckAt(point, referenceOf(point, points))
    assert.equal(found.stage, 'KV transfer')
    assert.match(found.evidence[0] ?? '', /against \d+ ms of an aggregated deployment/)
  })
})
