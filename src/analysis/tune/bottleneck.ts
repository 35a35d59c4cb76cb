import type { Role } from '../../point/index.ts'
import { workersOf } from '../../point/index.ts'
import type { MeasuredPoint } from '../measured-point.ts'

/** What holds a deployment back, the evidence for it, and what to try. */
export interface BottleneckFinding {
  readonly stage:
    | 'client'
    | 'prefill queueing'
    | 'KV memory'
    | 'KV transfer'
    | 'decode batch'
    | 'frontend'
    | 'none shown'
  /** Sentences with figures and units. */
  readonly evidence: readonly string[]
  /** What to try next, in plain words. */
  readonly next: string
}

/** A generator thread this busy may be what is measured. */
const busyClient = 0.8
/** A KV cache this full keeps requests waiting. */
const fullCache = 0.9
/** A mean queue of this many requests a worker is one. */
const queueLength = 0.5
/** A latency this many times that of the lightest load has been slowed by load. */
const slowed = 2

/**
 * Names what holds a point back, from the most direct evidence to the least: the client's own health, KV memory and queues as the
 * workers report them, requests in transfer, then latencies against the lightest load of the same deployment.
 */
export function bottleneckAt(point: MeasuredPoint, lightest: MeasuredPoint | null): BottleneckFinding {
  const evidence = littlesLaw(point)
  const found = (stage: BottleneckFinding['stage'], said: string, next: string): BottleneckFinding => ({
    stage,
    evidence: [said, ...evidence],
    next,
  })
  const cpu = Math.max(0, ...point.valid.map(m => m.client.cpuShare ?? 0))
  if (cpu > busyClient)
    return found(
      'client',
      `The load generator used ${percent(cpu)} of its CPU.`,
      'Split the load with --shards before trusting these figures.',
    )
  for (const role of rolesByDecode(point)) {
    const full = seriesMean(point, role, /kv_cache_usage_perc|gpu_cache_usage_perc/)
    if (full !== null && full > fullCache)
      return found(
        'KV memory',
        `The KV cache of ${role} workers was ${percent(full)} full on average.`,
        `Add another ${role} worker, or raise the KV cache's share of memory; more concurrency only queues.`,
      )
  }
  for (const role of rolesByDecode(point).toReversed()) {
    const waiting = seriesMean(point, role, /num_requests_waiting/)
    if (waiting === null || waiting <= queueLength) continue
    const said = `${figure(waiting)} requests waited at each ${role} worker on average.`
    return role === 'decode'
      ? found('decode batch', said, 'Add another decode worker, or raise its max_batch_size while ITL allows it.')
      : found('prefill queueing', said, `Add another ${role} worker, or lower the concurrency until TTFT fits.`)
  }
  const transferring = seriesMean(point, 'frontend', /transferring/)
  const running = point.valid.map(m => m.client.inFlight?.mean ?? 0).reduce((a, b) => Math.max(a, b), 0)
  if (transferring !== null && running > 0 && transferring > running / 4)
    return found(
      'KV transfer',
      `${figure(transferring)} of ${figure(running)} requests in flight were moving their KV cache.`,
      'Check the link between prefill and decode, and the cache transceiver’s backend.',
    )
  const stuck = stuckInFrontend(point)
  const ttftGrowth = growth(point, lightest, 'ttft_p50_ms')
  const itlGrowth = growth(point, lightest, 'itl_p50_ms')
  if (stuck !== null && running > 0 && stuck > running / 2)
    return found(
      'frontend',
      `${figure(stuck)} of ${figure(running)} requests in flight had no first token and were at no worker.`,
      'Look at the frontend’s CPU, or run a second one.',
    )
  const isTtft = ttftGrowth >= slowed && ttftGrowth >= itlGrowth
  if (isTtft)
    return found(
      'prefill queueing',
      `TTFT p50 is ${figure(ttftGrowth)} times that of the lightest load; ITL p50 ${figure(itlGrowth)} times.`,
      'Give prefill a larger share of the GPUs, or lower the concurrency.',
    )
  if (itlGrowth >= slowed)
    return found(
      'decode batch',
      `ITL p50 is ${figure(itlGrowth)} times that of the lightest load; TTFT p50 ${figure(ttftGrowth)} times.`,
      'Give decode a larger share of the GPUs, or lower the concurrency.',
    )
  return { stage: 'none shown', evidence, next: 'Nothing has slowed down twofold yet: try more concurrency.' }
}

/** Requests that the frontend holds without a first token and that no worker reads or keeps waiting; null where not told. */
function stuckInFrontend(point: MeasuredPoint): number | null {
  const { topology } = point.deployment
  const reader: Role = topology.kind === 'aggregated' ? 'aggregated' : 'prefill'
  const queued = seriesMean(point, 'frontend', /frontend_queued_requests/)
  const reading = seriesMean(point, reader, /num_requests_running/)
  const waiting = seriesMean(point, reader, /num_requests_waiting/)
  if (queued === null || reading === null || waiting === null) return null
  return queued - (reading + waiting) * workersOf(topology, reader)
}

/** Requests at work in each stage: rate × time, Little's law. */
function littlesLaw(point: MeasuredPoint): string[] {
  const { topology } = point.deployment
  const rate = point.figures.request_throughput?.mean
  const ttft = point.figures.ttft_mean_ms?.mean
  const latency = point.figures.request_latency_mean_ms?.mean
  if (rate === undefined || ttft === undefined || latency === undefined) return []
  const decoding = (rate * (latency - ttft)) / 1000
  const workers = workersOf(topology, 'decode') + workersOf(topology, 'aggregated')
  return [
    `By Little's law ${figure((rate * ttft) / 1000)} requests were before their first token and ${figure(decoding)} made tokens, ${figure(decoding / workers)} a worker.`,
  ]
}

/** Decode first: it is the last stage, and what backs up there shows in all before it. */
function rolesByDecode({ deployment }: MeasuredPoint): readonly Role[] {
  return deployment.topology.kind === 'aggregated' ? ['aggregated'] : ['decode', 'prefill']
}

/** Mean of a gauge over a role's workers and the valid repeats; null where no server told. */
function seriesMean(point: MeasuredPoint, source: string, metric: RegExp): number | null {
  const values = point.valid.flatMap(({ server }) =>
    Object.entries(server ?? {})
      .filter(([name]) => name === source || name.startsWith(`${source}-`))
      .flatMap(([, series]) => Object.entries(series).flatMap(([name, { mean }]) => (metric.test(name) ? [mean] : []))),
  )
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

function growth(point: MeasuredPoint, lightest: MeasuredPoint | null, name: string): number {
  const [heavy, light] = [point.figures[name]?.mean, lightest?.figures[name]?.mean]
  return heavy === undefined || light === undefined || light <= 0 ? 1 : heavy / light
}

const percent = (share: number) => `${Math.round(100 * share)} %`
const figure = (value: number) => (value >= 10 ? String(Math.round(value)) : value.toFixed(1))
