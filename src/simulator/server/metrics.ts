import type { DraftCounts } from '../drafts.ts'
import type { Engine } from '../engine.ts'
import type { EngineRequest } from '../request.ts'
import type { Lateness } from '../wall-clock.ts'
import { latenessBoundsMs } from '../wall-clock.ts'
import type { WorkerLoad } from '../worker.ts'
import { createBucketHistogram, histogramText, metricText } from './exposition.ts'

/** Counters of the frontend, with the names of Dynamo's frontend. */
export interface FrontendMetrics {
  started(): void
  ended(outcome: 'success' | 'error' | 'cancelled', request: EngineRequest | null): void
  text(engine: Engine, lateness: Lateness): string
}

const seconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250]
const tokens = [10, 50, 100, 250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000]

/** Gauges of one worker, with the names of a Dynamo TensorRT-LLM worker. */
export function workerText(load: WorkerLoad): string {
  return [
    metricText('trtllm:num_requests_running', 'gauge', 'Sequences in the batch', [[{}, load.running]]),
    metricText('trtllm:num_requests_waiting', 'gauge', 'Requests in the queue', [[{}, load.waiting]]),
    metricText('trtllm:kv_cache_usage_perc', 'gauge', 'KV cache in use, 0 to 1', [
      [{}, load.kvBlocksUsed / load.kvBlocks],
    ]),
    metricText('fulcrum_engine_passes_total', 'counter', 'Forward passes begun', [[{}, load.passes]]),
    metricText('fulcrum_engine_busy_seconds_total', 'counter', 'Simulated time in passes', [[{}, load.busyMs / 1000]]),
    ...(load.drafts === null ? [] : draftTexts(load.drafts)),
  ].join('')
}

/** Uses vLLM's names, because its counters are the most complete. */
function draftTexts({ drafts, draftTokens, acceptedTokens, acceptedAt }: DraftCounts): readonly string[] {
  const name = (metric: string) => `vllm:spec_decode_num_${metric}_total`
  const positions = acceptedAt.map((count, position) => [{ position: String(position) }, count] as const)
  return [
    metricText(name('drafts'), 'counter', 'Drafts, one for each sequence and step', [[{}, drafts]]),
    metricText(name('draft_tokens'), 'counter', 'Drafted tokens', [[{}, draftTokens]]),
    metricText(name('accepted_tokens'), 'counter', 'Accepted tokens', [[{}, acceptedTokens]]),
    metricText(name('accepted_tokens_per_pos'), 'counter', 'Accepted tokens at each position of drafts', positions),
  ]
}

function latenessText(lateness: Lateness): string {
  return histogramText(
    'fulcrum_engine_lateness_seconds',
    "The simulator's own delay behind its schedule",
    {},
    {
      bounds: latenessBoundsMs.map(ms => ms / 1000),
      counts: lateness.atMost,
      sum: lateness.sumMs / 1000,
      count: lateness.events,
    },
  )
}

/** Creates the frontend's metrics, initially zero. */
export function createFrontendMetrics(model: string): FrontendMetrics {
  const labels = { model }
  const ttft = createBucketHistogram(seconds)
  const itl = createBucketHistogram(seconds)
  const duration = createBucketHistogram(seconds)
  const inputTokens = createBucketHistogram(tokens)
  const outputTokens = createBucketHistogram(tokens)
  const outcomes = { success: 0, error: 0, cancelled: 0 }
  let inflight = 0

  function observe(request: EngineRequest): void {
    ttft.observe((request.firstTokenMs - request.arrivedMs) / 1000)
    duration.observe((request.finishedMs - request.arrivedMs) / 1000)
    inputTokens.observe(request.promptTokens)
    outputTokens.observe(request.outputTokens)
    if (request.outputTokens > 1)
      itl.observe((request.finishedMs - request.firstTokenMs) / 1000 / (request.outputTokens - 1))
  }

  return {
    started() {
      inflight += 1
    },
    ended(outcome, request) {
      inflight -= 1
      outcomes[outcome] += 1
      if (request !== null) observe(request)
    },
    text(engine, lateness) {
      const workers = engine.workers()
      const queued = workers.reduce((sum, worker) => sum + worker.load.waiting, engine.transferring)
      const name = (metric: string) => `dynamo_frontend_${metric}`
      const counts = Object.entries(outcomes).map(([status, count]) => [{ ...labels, status }, count] as const)
      return [
        metricText(name('inflight_requests'), 'gauge', 'Requests not yet answered', [[labels, inflight]]),
        metricText(name('queued_requests'), 'gauge', 'Requests that wait for a worker', [[labels, queued]]),
        metricText(name('requests_total'), 'counter', 'Requests answered', counts),
        histogramText(name('time_to_first_token_seconds'), 'TTFT in simulated time', labels, ttft),
        histogramText(name('inter_token_latency_seconds'), 'Mean ITL of a request in simulated time', labels, itl),
        histogramText(name('request_duration_seconds'), 'Request latency in simulated time', labels, duration),
        histogramText(name('input_sequence_tokens'), 'Prompt tokens', labels, inputTokens),
        histogramText(name('output_sequence_tokens'), 'Output tokens', labels, outputTokens),
        slotsText(name('model_max_num_seqs'), labels, workers),
        metricText('fulcrum_engine_workers', 'gauge', 'Workers by role', workerCounts(engine)),
        metricText('fulcrum_engine_transferring', 'gauge', 'KV transfers under way', [[{}, engine.transferring]]),
        latenessText(lateness),
      ].join('')
    },
  }
}

/** As Dynamo's frontend, shows the slots of one worker that answers for the model; nothing without such a worker. */
function slotsText(metric: string, labels: { readonly model: string }, workers: ReturnType<Engine['workers']>): string {
  const worker = workers.find(({ role }) => role !== 'prefill')
  if (worker === undefined) return ''
  return metricText(metric, 'gauge', 'Sequences that one worker runs at once', [[labels, worker.load.slots]])
}

function workerCounts(engine: Engine): [{ role: string }, number][] {
  const counts = new Map<string, number>()
  for (const { role } of engine.workers()) counts.set(role, (counts.get(role) ?? 0) + 1)
  return [...counts].map(([role, count]) => [{ role }, count])
}
