// Test part: unit
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { statisticsPage, workersIn } from '../../../src/deployers/dynamo-serve/nats-statistics.ts'
import { natsOptions } from '../../../src/deployers/dynamo-serve/statistics-pages.ts'
import { metricNamed } from '../../../src/engines/index.ts'
import { parseExposition } from '../../../src/telemetry/exposition.ts'

/** As a worker of ai-dynamo 0.3.1 answered `$SRV.STATS` here on 2026-11-29, after two requests. */
const load = {
  data_parallel_rank: 0,
  gpu_cache_usage_perc: 7.5,
  gpu_prefix_cache_hit_rate: 0.5,
  kv_active_blocks: 10,
  kv_total_blocks: 100,
  num_requests_waiting: 2,
  request_active_slots: 3,
  request_total_slots: 4,
}
const endpoint = (name: string, requests: number, data: unknown = null) => ({
  name: `dynamo_worker-${name}-688da22831f7010e`,
  subject: `dynamo_worker.${name}-688da22831f7010e`,
  num_requests: requests,
  num_errors: 0,
  processing_time: 36585,
  average_processing_time: 18292,
  last_error: '',
  data,
  queue_group: 'q',
})
const answer = (...endpoints: readonly unknown[]) => ({
  type: 'io.nats.micro.v1.stats_response',
  name: 'dynamo_worker',
  id: 'ZdRneSwICApp7nUnlkTkB3',
  version: '0.0.1',
  started: '2026-11-29T16:45:14.966532563Z',
  endpoints,
})

function pageOf(...endpoints: readonly unknown[]) {
  const [worker] = workersIn(answer(...endpoints))
  assert.ok(worker)
  assert.equal(worker.lease, '688da22831f7010e')
  const { samples, unread } = parseExposition(statisticsPage(worker))
  assert.equal(unread.count, 0)
  return samples
}
const shownOf = (samples: ReturnType<typeof pageOf>, metric: Parameters<typeof metricNamed>[0]) =>
  samples.filter(({ name }) => metricNamed(metric).test(name)).map(({ value }) => value)

describe('the page of a worker that tells its statistics by NATS', () => {
  const samples = pageOf(endpoint('generate', 2), endpoint('load_metrics', 0, load))

  it('shows its batch, queue and slots by names that the engines know, each once', () => {
    const shown = (['running', 'waiting', 'slots', 'cacheHitRate'] as const).map(metric => shownOf(samples, metric))
    assert.deepEqual(shown, [[3], [2], [4], [0.5]])
  })

  it('shows the share of KV blocks in use, not the usage that TensorRT-LLM counts from its start', () =>
    assert.deepEqual(shownOf(samples, 'kvCacheUsage'), [0.1]))

  it('counts the requests of each endpoint', () => {
    const requests = samples.filter(({ name }) => name === 'dynamo_nats_requests_total')
    assert.deepEqual(
      requests.map(({ labels, value }) => [labels.endpoint, value]),
      Object.entries({ generate: 2, load_metrics: 0 }),
    )
  })

  it('has counters alone where nothing is published', () => {
    const silent = pageOf(endpoint('generate', 2))
    assert.deepEqual(
      [...new Set(silent.map(({ name }) => name))],
      ['dynamo_nats_requests_total', 'dynamo_nats_errors_total'],
    )
  })

  const unreadable: readonly (readonly [what: string, data: unknown])[] = [
    ['a publisher that has not begun', null],
    ['a missing field', { ...load, num_requests_waiting: undefined }],
    ['a negative number', { ...load, kv_active_blocks: -1 }],
    ['a text', { ...load, request_active_slots: '3' }],
  ]
  for (const [what, data] of unreadable)
    it(`shows no load with ${what}, never 0`, () =>
      assert.deepEqual(shownOf(pageOf(endpoint('load_metrics', 0, data)), 'running'), []))

  it('shows no share of a KV cache without blocks', () =>
    assert.deepEqual(shownOf(pageOf(endpoint('load_metrics', 0, { ...load, kv_total_blocks: 0 })), 'kvCacheUsage'), []))

  it('reads an answer of any form without failing', () =>
    fc.assert(fc.property(fc.jsonValue(), value => assert.deepEqual(workersIn(value), []))))

  it('reads any name of an endpoint back', () =>
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), name => {
        fc.pre(!/[\n\r]/.test(name))
        const [first] = pageOf(endpoint(name, 2))
        assert.deepEqual([first?.labels.endpoint, first?.value], [name, 2])
      }),
    ))
})

describe('the connection to a deployment’s NATS', () => {
  it('takes a user and a password from the URL, else from Dynamo’s variables', () => {
    const env = { NATS_AUTH_USERNAME: 'them', NATS_AUTH_PASSWORD: 'q' }
    assert.deepEqual(natsOptions('nats://me:p%40ss@host:4222', env), {
      servers: ['host:4222'],
      user: 'me',
      pass: 'p@ss',
    })
    assert.deepEqual(natsOptions('host:4222', env), { servers: ['host:4222'], user: 'them', pass: 'q' })
  })

  it('takes a token from Dynamo’s variable, and connects without any otherwise', () => {
    assert.deepEqual(natsOptions('nats://a:1,nats://b:2', { NATS_AUTH_TOKEN: 't' }), {
      servers: ['a:1', 'b:2'],
      token: 't',
    })
    assert.deepEqual(natsOptions('nats://a:4222', {}), { servers: ['a:4222'] })
  })
})
