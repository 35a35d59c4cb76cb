import { loadLabel } from '../analysis/load-label.ts'
import { roleLoads } from '../analysis/role-loads.ts'
import type { LoadProgress, LoadSoFar } from '../generators/generator.ts'
import { type Live, removeLive, writeLive } from '../journal/live.ts'
import type { ServerMetric, ServerMetrics } from '../metrics/measurement.ts'
import { meanObservation, type Series, seriesNamed } from '../metrics/server-series.ts'
import { deploymentLabel, type Point } from '../model/index.ts'
import type { GpuWatch } from '../telemetry/gpu/watch.ts'
import type { ServerNow, ServerWatch } from '../telemetry/server-metrics.ts'
import { isWorker } from '../telemetry/worker-pages.ts'

const everyMs = 1000
/** Averaging time of the token rate. */
const rateOverMs = 5000

/** Sources of live figures besides the load generator. */
export interface LiveSources {
  readonly server: Pick<ServerWatch, 'now'>
  readonly gpus: Pick<GpuWatch, 'now'> | null
}

/** Publishes the point in flight to other processes. */
export interface LiveTeller extends AsyncDisposable {
  take(load: LoadProgress): void
}

/**
 * Writes the figures of the point in flight beside the journal once a second. Disposal removes the file, before the
 * point is recorded.
 * @param pid process that holds the run
 */
export function tellLive(folder: string, point: Point, { server, gpus }: LiveSources, pid = process.pid): LiveTeller {
  const beganMs = performance.now()
  let load: LoadProgress | null = null
  let writing: Promise<void> = Promise.resolve()
  let isWriting = false
  const rate = tokenRate()
  const tell = () => {
    if (load === null || isWriting) return
    const live = liveOf(point, load, {
      pid,
      at: new Date().toISOString(),
      elapsedS: (performance.now() - beganMs) / 1000,
      tokensPerS: rate(load.soFar?.tokens ?? null, performance.now()),
      server: server.now(),
      gpus: gpus?.now(point.deployment) ?? [],
    })
    isWriting = true
    writing = writeLive(folder, live).finally(() => {
      isWriting = false
    })
  }
  const timer = setInterval(tell, everyMs)
  return {
    take: progress => {
      load = progress
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      await writing
      await removeLive(folder)
    },
  }
}

/** Returns a function that computes tokens/s over the last 5 s from a growing count; null until it has two counts. */
export function tokenRate(): (tokens: number | null, atMs: number) => number | null {
  let seen: { readonly atMs: number; readonly tokens: number }[] = []
  return (tokens, atMs) => {
    if (tokens === null) return null
    seen = [...seen.filter(one => atMs - one.atMs <= rateOverMs), { atMs, tokens }]
    const [first] = seen
    if (first === undefined || first.atMs === atMs) return null
    return (1000 * (tokens - first.tokens)) / (atMs - first.atMs)
  }
}

interface Seen extends Pick<Live, 'pid' | 'at' | 'elapsedS'> {
  readonly tokensPerS: number | null
  readonly server: ServerNow
  readonly gpus: Live['gpus']
}

/** The live figures of a point, from its generator or, if that reports none, from the server's metrics pages. */
export function liveOf(point: Point, { phase, done, total, soFar }: LoadProgress, seen: Seen): Live {
  const { pid, at, elapsedS, gpus } = seen
  return {
    pid,
    at,
    point: {
      id: point.id,
      deployment: deploymentLabel(point.deployment),
      workload: point.workload.name,
      load: loadLabel(point.load.level),
      repeat: point.repeat,
    },
    phase,
    elapsedS,
    // A generator that reports only at its end may have completed any number of requests.
    done: soFar === undefined && done === 0 ? null : done,
    total,
    ...(soFar === undefined ? serverFigures(seen.server, phase) : generatorFigures(soFar, seen.tokensPerS)),
    roles: roleLoads(point.deployment.topology, { server: latestOf(seen.server.recent) }),
    gpus,
  }
}

type LoadFigures = Pick<Live, 'failed' | 'inFlight' | 'outputTokensPerS' | 'ttftMs' | 'itlMs' | 'seenBy'>

const generatorFigures = (
  { failed, inFlight, ttftMs, itlMs }: LoadSoFar,
  outputTokensPerS: number | null,
): LoadFigures => ({
  failed,
  inFlight,
  outputTokensPerS,
  ttftMs: ttftMs === null ? null : { mean: null, ...ttftMs },
  itlMs: itlMs === null ? null : { mean: null, ...itlMs },
  seenBy: 'generator',
})

/**
 * Metric names of Dynamo's frontend, vLLM, SGLang and TensorRT-LLM. Histograms are in seconds. Dynamo's frontend also
 * has gauges of each worker's last latency, and counts every request again at its request plane.
 */
const names = {
  ttft: /^(?!.*worker_last_).*time_to_first_token_seconds$/,
  itl: /^(?!.*worker_last_).*(?:inter_token_latency|time_per_output_token|request_time_per_output_token)_seconds$/,
  tokens: /(?:output|generation)_tokens_total$/,
  inFlight: /^(?:dynamo_frontend|nv_llm_http_service)_inflight_requests$/,
} as const

/**
 * The load as the server sees it: at its frontend if that has the metric, otherwise summed over its workers. Latencies
 * are means since the start of the window; before it, only requests of the preparation and the warm-up have any.
 */
function serverFigures({ recent, window }: ServerNow, phase: LoadProgress['phase']): LoadFigures {
  const figuresOf = (metrics: ServerMetrics, name: RegExp): readonly Series[] => {
    const found = (isOwn: (source: string) => boolean) =>
      Object.entries(metrics).flatMap(([source, own]) => (isOwn(source) ? seriesNamed(own, name) : []))
    const ofFrontend = found(source => !isWorker(source))
    return ofFrontend.length > 0 ? ofFrontend : found(isWorker)
  }
  const latency = (name: RegExp) => {
    if (phase === 'preparing' || phase === 'warm-up') return null
    const meanS = meanObservation(figuresOf(window, name))
    return Number.isNaN(meanS) ? null : { mean: 1000 * meanS, p50: null, p95: null }
  }
  const sum = (name: RegExp, of: (metric: ServerMetric) => number) => {
    const found = figuresOf(recent, name)
    return found.length === 0 ? null : found.reduce((total, [, metric]) => total + of(metric), 0)
  }
  const figures = {
    failed: null,
    inFlight: sum(names.inFlight, ({ last }) => last),
    outputTokensPerS: sum(names.tokens, ({ mean }) => mean),
    ttftMs: latency(names.ttft),
    itlMs: latency(names.itl),
  }
  return { ...figures, seenBy: figures.ttftMs === null && figures.itlMs === null ? null : 'server' }
}

/** Metrics with the last value as their mean, to show the current queues instead of those of the last seconds. */
const latestOf = (metrics: ServerMetrics): ServerMetrics =>
  Object.fromEntries(
    Object.entries(metrics).map(([source, own]) => [
      source,
      Object.fromEntries(Object.entries(own).map(([key, metric]) => [key, { ...metric, mean: metric.last }])),
    ]),
  )
