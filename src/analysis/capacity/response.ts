import type { Measurement } from '../../metrics/measurement.ts'
import type { Slo } from '../../model/index.ts'
import type { Estimate } from '../estimate.ts'
import { loadValue } from '../load-label.ts'
import type { CapacityMeasurement, CapacityPoint } from './point.ts'
import { type KnownQuantiles, type Quantiles, quantilesOf, scaled, withoutTop } from './quantiles.ts'

/** Response of one replica of a deployment to one kind of request at each load. */
export interface ResponseCurve {
  readonly kind: 'concurrency' | 'rate'
  /** By ascending load; never empty. */
  readonly steps: readonly ResponseStep[]
}

/** Response of one replica at one measured load. */
export interface ResponseStep {
  /** Requests in flight of a closed loop, or requests/s of an open one. */
  readonly load: number
  /** Answered requests per second of wall time. */
  readonly requestsPerS: number
  readonly latencies: Latencies
  readonly point: CapacityPoint
}

/** Null if not measured: not streamed, or answers of one token. */
export type Latencies = { readonly [metric in LatencyMetric]: Quantiles | null }

/** Latencies that an SLO can limit, as named in a measurement. */
export const latencyMetrics = ['ttftMs', 'itlMs', 'requestLatencyMs'] as const
/** A latency of {@link latencyMetrics}. */
export type LatencyMetric = (typeof latencyMetrics)[number]

/** The SLO's limit of each metric; infinite if it has none. */
export function limitsOf(slo: Slo): { readonly [metric in LatencyMetric]: number } {
  const none = Number.POSITIVE_INFINITY
  return {
    ttftMs: slo.ttftP95Ms ?? none,
    itlMs: slo.itlP95Ms ?? none,
    requestLatencyMs: slo.requestLatencyP95Ms ?? none,
  }
}

/** `mean` over the repeats, or `cautious`: the unfavorable end of each figure's 95% interval over repeats. */
export type Reading = 'mean' | 'cautious'

function readAs(estimate: Estimate | null | undefined, reading: Reading, bad: 'low' | 'high'): number | undefined {
  const ends = reading === 'cautious' ? estimate?.ci95 : null
  return ends ? Math.max(0, ends[bad === 'low' ? 0 : 1]) : estimate?.mean
}

/** Ratio of sending time to answering time below which a queue is growing without bound. */
const keepsUp = 0.95

/**
 * Curve from the valid points of one deployment and workload. Open loops measure random traffic directly, so closed
 * loops are ignored if there are any.
 */
export function responseCurve(points: readonly CapacityPoint[], reading: Reading = 'mean'): ResponseCurve | null {
  for (const kind of ['rate', 'concurrency'] as const) {
    const steps = points
      .filter(point => point.status === 'ok' && point.load.level.kind === kind)
      .flatMap(point => stepOf(point, reading))
      .sort((a, b) => a.load - b.load)
    const overloaded = kind === 'rate' ? steps.findIndex(step => fellBehind(step, steps[0])) : -1
    const kept = overloaded === -1 ? steps : steps.slice(0, overloaded)
    if (kept.length > 0) return { kind, steps: kept }
  }
  return null
}

/**
 * Whether requests arrived faster than they were answered. Whole run: answering took longer than sending, by more than
 * the last requests need without load. Steady window, which ends with the last request sent: fewer were answered than
 * sent, by more than chance explains.
 */
function fellBehind({ load, point }: ResponseStep, lightest: ResponseStep | undefined): boolean {
  const drainS = (lightest?.latencies.requestLatencyMs?.at(-1) ?? 0) / 1000
  return point.valid.some(measurement => {
    const { durationS, requests, requestsPerS } = measurement
    if (isSteady(measurement) && durationS > 0 && requestsPerS !== null)
      return requestsPerS * durationS < keepsUp * requests.sent - 2 * Math.sqrt(requests.sent)
    return durationS > requests.sent / load / keepsUp + drainS
  })
}

/**
 * Whether the figures are of a window that began under full load. Runs of versions without windows do not say, and
 * began empty.
 */
export function isSteady(measurement: Pick<Measurement, 'window'>): boolean {
  return measurement.window === 'steady'
}

function stepOf(point: CapacityPoint, reading: Reading): ResponseStep[] {
  const load = loadValue(point.load.level)
  const requestsPerS = readAs(point.figures.request_throughput, reading, 'low')
  if (load === null || requestsPerS === undefined || !(requestsPerS > 0)) return []
  const of = (pick: (m: CapacityMeasurement) => KnownQuantiles | null, figure: string) => {
    const quantiles = quantilesOf(point.valid.map(pick).filter(distribution => distribution !== null))
    const p95 = point.figures[figure]
    const worse = (readAs(p95, reading, 'high') ?? 1) / (p95?.mean ?? 1)
    return quantiles === null ? null : scaled(quantiles, Number.isFinite(worse) ? worse : 1)
  }
  const started = startShare(point)
  const settled = (quantiles: Quantiles | null) => (quantiles === null ? null : withoutTop(quantiles, started))
  const latencies = {
    ttftMs: settled(of(m => m.ttftMs, 'ttft_p95_ms')),
    itlMs: of(m => m.itlMs, 'itl_p95_ms'),
    requestLatencyMs: settled(of(m => m.requestLatencyMs, 'request_latency_p95_ms')),
  }
  return [{ load, requestsPerS, latencies, point }]
}

/**
 * A closed loop that starts empty sends its first requests, one per request in flight, at once. They queue as no random
 * traffic does, and with ten requests per request in flight they make up the slowest tenth. They are assumed to be the
 * slowest and removed from the waits for a first token. A steady window contains none of them.
 */
function startShare({ load: { level }, valid }: CapacityPoint): number {
  if (level.kind !== 'concurrency' || valid.every(isSteady)) return 0
  const sent = valid.reduce((sum, m) => sum + m.requests.completed, 0) / valid.length
  return sent > level.concurrency ? level.concurrency / sent : 0
}
