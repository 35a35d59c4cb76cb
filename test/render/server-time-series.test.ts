import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '../../src/analysis/analyse.ts'
import type { ServerMetrics } from '../../src/metrics/measurement.ts'
import { timeSeriesOf, timeSeriesWithin } from '../../src/render/views/server-time-series.ts'
import { syntheticRun } from './synthetic-run.ts'

const metric = (...values: number[]) => ({
  mean: 0,
  max: 0,
  last: 0,
  series: values.map((value, i) => [i * 1000, value] as const),
})

/** Points whose every measurement saw these metrics. */
function pointsWith(server: ServerMetrics, concurrencies: readonly number[] = [4]) {
  return analyse(
    syntheticRun({
      concurrencies,
      change: r => (r.measurement === null ? r : { ...r, measurement: { ...r.measurement, server } }),
    }),
  ).points
}

function timeSeries(server: ServerMetrics) {
  const [point] = pointsWith(server)
  assert.ok(point)
  return timeSeriesOf(point)
}

test('each source has one line a picture, whatever its engine calls the metric', () => {
  const lines = timeSeries({
    frontend: {
      dynamo_frontend_inflight_requests: metric(4, 4),
      dynamo_frontend_queued_requests: metric(1, 0),
      'dynamo_frontend_worker_last_time_to_first_token_seconds{worker_id="1"}': metric(9, 9),
      dynamo_frontend_time_to_first_token_seconds: metric(0.25, 0.5),
    },
    'decode-0': {
      'vllm:num_requests_running': metric(3, 3),
      'vllm:num_requests_waiting': metric(2, 0),
      'vllm:gpu_cache_usage_perc': metric(0.5, 0.25),
      dynamo_work_handler_queue_depth: metric(7, 7),
    },
    'decode-1': { 'sglang:num_running_reqs': metric(5), 'sglang:token_usage': metric(12, 40) },
  })
  assert.deepEqual(
    lines.map(({ panel, source, samples }) => [panel, source, samples.map(([, value]) => value)]),
    [
      ['running', 'frontend', [4, 4]],
      ['running', 'decode-0', [3, 3]],
      ['running', 'decode-1', [5]],
      ['waiting', 'frontend', [1, 0]],
      ['waiting', 'decode-0', [2, 0]],
      ['kv', 'decode-0', [50, 25]],
      ['kv', 'decode-1', [12, 40]],
      ['ttft', 'frontend', [250, 500]],
    ],
  )
})

test('times are seconds since the window began', () => {
  const [line] = timeSeries({ a: { num_requests_running: metric(1, 2, 3) } })
  assert.deepEqual(
    line?.samples.map(([s]) => s),
    [0, 1, 2],
  )
})

test('of many workers the busiest are drawn, in their own order', () => {
  const workers = Array.from({ length: 30 }, (_, i) => [`decode-${i}`, { num_requests_running: metric(i % 10, 0) }])
  const lines = timeSeries(Object.fromEntries(workers))
  assert.equal(lines.length, 8)
  assert.ok(lines.every(({ samples }) => (samples[0]?.[1] ?? 0) >= 7))
})

test('a run that kept no time series has none', () => {
  assert.deepEqual(timeSeries({ frontend: { num_requests_running: { mean: 1, max: 2, last: 0 } } }), [])
  assert.deepEqual(timeSeries({}), [])
})

test('whatever there is stays within the room given, and the first points come first', () => {
  const long = metric(...Array.from({ length: 120 }, (_, i) => i % 7))
  const points = pointsWith({ a: { num_requests_running: long }, b: { num_requests_waiting: long } }, [1, 2, 4, 8, 16])
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200_000 }), room => {
      const kept = timeSeriesWithin(points, room)
      const samples = [...kept.values()].flat().reduce((sum, line) => sum + line.samples.length, 0)
      assert.ok(samples * 11 <= room)
      assert.deepEqual(
        [...kept.keys()],
        points.slice(0, kept.size).map(point => point.key),
      )
    }),
  )
  assert.equal(timeSeriesWithin(points).size, points.length)
})
