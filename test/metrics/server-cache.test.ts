// Test part: unit

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { figures } from '../../src/metrics/figures/index.ts'
import type { Measurement, ServerMetric } from '../../src/metrics/measurement.ts'
import { serverCacheOf, shareByPages } from '../../src/metrics/server-cache.ts'
import { type Deployment, defined } from '../../src/model/index.ts'
import { cacheMetrics, withItsRole } from '../../src/runner/observed-workers.ts'
import { syntheticRun } from '../render/synthetic-run.ts'

/** A histogram of so many observations. */
const histogram = (mean: number, observations: number): ServerMetric => ({ mean, max: mean, last: observations })
/** A counter that rose by so much. */
const counter = (increase: number): ServerMetric => ({ mean: increase / 10, max: increase, last: increase })
const gauge = (value: number): ServerMetric => ({ mean: value, max: value, last: value })

const [result] = syntheticRun({ workloads: [[100, 10]], concurrencies: [1] }).results
const measurement = result?.measurement ?? assert.fail('no measurement')
const deployment = result?.point.deployment ?? assert.fail('no point')
const figureOf = (more: Partial<Measurement>, where = deployment) => {
  const { promptCache: _, ...without } = measurement
  const figure = figures.find(({ name }) => name === 'cached_prompt_tokens_share')
  return figure?.of({ ...without, ...more }, where)
}
const split: Deployment = { ...deployment, topology: { kind: 'disaggregated', prefill: 2, decode: 2 } }
const answers = { answers: 2, answersInAll: 2, cachedTokens: 45, promptTokens: 100, impossible: 0 }

describe('the cached share of a disaggregated deployment', () => {
  test('is empty where only answers and the frontend say something: they speak for decode workers', () => {
    const serverCache = { frontend: { cachedTokens: 45, promptTokens: 100 }, routerHitRate: 0.4 }
    assert.equal(figureOf({ promptCache: answers, serverCache }, split), null)
    assert.equal(figureOf({ promptCache: answers, serverCache }), 0.45)
  })

  test('is what the prefill workers’ router, or their own pages, say', () => {
    const router = { cachedTokens: 88, promptTokens: 100 }
    assert.equal(figureOf({ promptCache: answers, serverCache: { router } }, split), 0.88)
    assert.equal(
      figureOf({ promptCache: answers, serverCache: { router, workers: { 'prefill-0': 0.86 } } }, split),
      0.86,
    )
  })

  test('is that of the answers where the engine passes on what prefill workers had', () => {
    const ofEngine = (engine: string | null) =>
      figureOf({ ...defined({ promptCache: withItsRole(answers, { deployment: split }, () => engine) }) }, split)
    assert.equal(ofEngine('vllm'), 0.45)
    assert.equal(ofEngine('trtllm'), 0.45)
    for (const engine of ['sglang', 'mocker', null]) assert.equal(ofEngine(engine), null)
  })
})

describe('the prefix cache by metrics pages', () => {
  test('is the frontend’s count of cached over prompt tokens (Dynamo 1.6.1)', () => {
    const frontend = {
      dynamo_frontend_cached_tokens: histogram(1536, 30),
      dynamo_frontend_input_sequence_tokens: histogram(2048, 40),
    }
    const cache = serverCacheOf({ frontend }, cacheMetrics)
    assert.deepEqual(cache, { frontend: { cachedTokens: 46_080, promptTokens: 81_920 } })
    assert.deepEqual(shareByPages(cache), { share: 0.5625, by: 'frontend' })
  })

  test('adds up several models', () => {
    const frontend = {
      'dynamo_frontend_cached_tokens{model="a"}': histogram(100, 10),
      'dynamo_frontend_cached_tokens{model="b"}': histogram(0, 10),
      'dynamo_frontend_input_sequence_tokens{model="a"}': histogram(200, 10),
      'dynamo_frontend_input_sequence_tokens{model="b"}': histogram(200, 10),
    }
    assert.equal(shareByPages(serverCacheOf({ frontend }, cacheMetrics))?.share, 0.25)
  })

  test('is what the router chose by, of prefill alone where prefill and decode are apart', () => {
    const name = (metric: string, phase: string) => `dynamo_component_router_${metric}{phase="${phase}"}`
    const frontend = {
      [name('input_sequence_tokens', 'prefill')]: histogram(1000, 10),
      [name('input_sequence_tokens', 'decode')]: histogram(1000, 10),
      [name('kv_selected_cached_prefix_tokens_total', 'prefill')]: counter(6000),
      [name('kv_best_eligible_cached_prefix_tokens_total', 'prefill')]: counter(8000),
    }
    const cache = serverCacheOf({ frontend }, cacheMetrics)
    assert.deepEqual(cache, { router: { cachedTokens: 6000, promptTokens: 10_000, bestTokens: 8000 } })
    assert.deepEqual(shareByPages(cache), { share: 0.6, by: 'router' })
  })

  test('is the router’s hit rate where it tells no tokens (Dynamo 1.4.2)', () => {
    const frontend = { dynamo_component_router_kv_hit_rate: histogram(0.5, 12) }
    assert.deepEqual(shareByPages(serverCacheOf({ frontend }, cacheMetrics)), { share: 0.5, by: 'router' })
    const none = { dynamo_component_router_kv_hit_rate: histogram(0, 0) }
    assert.equal(serverCacheOf({ frontend: none }, cacheMetrics), undefined)
  })

  for (const [engine, worker, share] of [
    ['vLLM', { 'vllm:prefix_cache_hits_total': counter(30), 'vllm:prefix_cache_queries_total': counter(120) }, 0.25],
    ['older vLLM', { 'vllm:gpu_prefix_cache_hits': counter(30), 'vllm:gpu_prefix_cache_queries': counter(60) }, 0.5],
    [
      'SGLang',
      {
        'sglang:cached_tokens_total{cache_source="device"}': counter(30),
        'sglang:cached_tokens_total{cache_source="host"}': counter(10),
        'sglang:prompt_tokens_total': counter(80),
      },
      0.5,
    ],
    ['TensorRT-LLM', { trtllm_kv_cache_hit_rate: gauge(0.7) }, 0.7],
  ] as const) {
    test(`is told by each ${engine} worker that takes prompts`, () => {
      const decode = {
        ...worker,
        'vllm:prefix_cache_hits_total': counter(1),
        'vllm:prefix_cache_queries_total': counter(1),
      }
      const cache = serverCacheOf({ 'prefill-0': worker, 'decode-0': decode }, cacheMetrics)
      assert.deepEqual(cache, { workers: { 'prefill-0': share } })
    })
  }

  test('of workers is their mean', () => {
    const worker = (hits: number) => ({
      'vllm:prefix_cache_hits_total': counter(hits),
      'vllm:prefix_cache_queries_total': counter(100),
    })
    const cache = serverCacheOf({ 'aggregated-0': worker(20), 'aggregated-1': worker(60) }, cacheMetrics)
    assert.deepEqual(cache?.workers, { 'aggregated-0': 0.2, 'aggregated-1': 0.6 })
    assert.equal(shareByPages(cache)?.share, 0.4)
  })

  test('is unknown, never 0, where pages say nothing of it', () => {
    assert.equal(serverCacheOf({ frontend: { dynamo_frontend_requests_total: counter(5) } }, cacheMetrics), undefined)
    assert.equal(serverCacheOf({}, cacheMetrics), undefined)
    assert.equal(shareByPages(undefined), null)
    assert.equal(shareByPages({}), null)
    // Without hits, a counter of hits may be one that nobody has.
    const queries = { 'vllm:prefix_cache_queries_total': counter(100) }
    assert.equal(serverCacheOf({ 'aggregated-0': queries }, cacheMetrics), undefined)
  })

  test('is the figure where answers say nothing, and answers come first', () => {
    const serverCache = { frontend: { cachedTokens: 30, promptTokens: 100 } }
    assert.equal(figureOf({ serverCache }), 0.3)
    const promptCache = { answers: 1, answersInAll: 1, cachedTokens: 5, promptTokens: 10, impossible: 0 }
    assert.equal(figureOf({ serverCache, promptCache }), 0.5)
    assert.equal(figureOf({ serverCache, promptCache: { ...promptCache, impossible: 1 } }), null)
    assert.equal(figureOf({}), null)
  })
})
