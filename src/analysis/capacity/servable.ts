import type { Slo } from '../../point/index.ts'
import { inFlightOdds } from './in-flight.ts'
import { between, meanOf, mixtureQuantile, type Part, type Quantiles, scaled, shareBelow } from './quantiles.ts'
import { type LatencyMetric, latencyMetrics, limitsOf, type ResponseCurve, type ResponseStep } from './response.ts'

/** The most requests/s that one replica answers within an SLO. */
export interface Servable {
  readonly requestsPerS: number
  /** What stops it there: an objective, or that no heavier load was measured (so that it may be more). */
  readonly limit: LatencyMetric | 'throughput' | 'heaviest load measured'
  /** The measured loads that the limit lies between, the lighter one first; one when it was measured itself. */
  readonly between: readonly ResponseStep[]
}

/** Latencies of one replica at a rate of random arrivals. */
export interface RateResponse {
  readonly p95: { readonly [metric in LatencyMetric]: number | null }
  readonly meanLatencyMs: number | null
  /** Requests in flight on average; null for an open loop, which doesn't need it. */
  readonly inFlight: number | null
}

/** 95 of 100 requests have to meet each objective. */
const wanted = 0.95

/** A closed loop of at least one request; more states than this are not worth their time. */
const mostStates = 4096

/** A closed loop's curve with every concurrency filled in, so that a rate can be looked up in no time. */
interface States {
  readonly most: number
  throughput(inFlight: number): number
  latency(metric: LatencyMetric, inFlight: number): Quantiles | null
}

/**
 * Between measured loads throughput and latencies lie on straight lines, below the lightest latencies are those of the lightest
 * and throughput is proportional. Throughput that bends down and latencies that bend up with load, as queues have them, lie on the good
 * side of each of these, so that none promises too much. Nothing is assumed of loads heavier than measured.
 */
function statesOf({ steps }: ResponseCurve): States {
  const most = Math.min(mostStates, Math.floor(steps.at(-1)?.load ?? 1))
  const at = Array.from({ length: most + 1 }, (_, n) => place(steps, n))
  return {
    most,
    throughput: n => {
      const { low, high, share } = at[n] ?? place(steps, n)
      if (low === null) return (high.requestsPerS * n) / high.load
      return low.requestsPerS + (high.requestsPerS - low.requestsPerS) * share
    },
    latency: (metric, n) => latencyAt(at[n] ?? place(steps, n), metric),
  }
}

interface Place {
  /** Null below the lightest load. */
  readonly low: ResponseStep | null
  readonly high: ResponseStep
  readonly share: number
}

function place(steps: readonly ResponseStep[], load: number): Place {
  const above = steps.findIndex(step => step.load >= load)
  const high = steps[above === -1 ? steps.length - 1 : above]
  if (high === undefined) throw new RangeError('a curve without steps')
  const low = above > 0 ? (steps[above - 1] ?? null) : null
  return { low, high, share: low === null ? 1 : (load - low.load) / (high.load - low.load) }
}

function latencyAt({ low, high, share }: Place, metric: LatencyMetric): Quantiles | null {
  const [from, to] = [low?.latencies[metric] ?? null, high.latencies[metric]]
  if (to === null) return null
  return from === null ? to : between(from, to, share)
}

/**
 * The most random traffic that one replica of this curve answers within the SLO; null when not even the lightest does.
 *
 * A closed loop of n requests is read as what happens with n in flight (its flow-equivalent server); with traffic that comes at
 * random, n varies, and the tail of the latencies is that of its busy moments. An open loop needs no such reading.
 */
export function servable(curve: ResponseCurve, slo: Slo): Servable | null {
  return curve.kind === 'rate' ? servableOpen(curve, slo) : servableClosed(curve, slo)
}

function servableClosed(curve: ResponseCurve, slo: Slo): Servable | null {
  const limits = limitsOf(slo)
  const states = statesOf(curve)
  const metrics = latencyMetrics.filter(metric => Number.isFinite(limits[metric]))
  /** Share of the requests that meet a limit when they arrive at n others; not measured counts as missed. */
  const good = new Map(
    metrics.map(metric => [
      metric,
      Float64Array.from({ length: states.most }, (_, n) => {
        const quantiles = states.latency(metric, n + 1)
        return quantiles === null ? 0 : shareBelow(quantiles, limits[metric])
      }),
    ]),
  )
  const known = (odds: Float64Array) => odds.subarray(0, states.most).reduce((sum, p) => sum + p, 0)
  const failing = (rate: number): Servable['limit'] | null => {
    const found = inFlightOdds(rate, states.throughput, states.most)
    if (found === null) return 'throughput'
    const { odds } = found
    const worst = metrics
      .map(metric => ({ metric, share: weighted(odds, good.get(metric)) }))
      .toSorted((a, b) => a.share - b.share)[0]
    const measured = known(odds)
    // Busy moments beyond what was measured: it isn't known how long requests take then.
    if (measured < wanted) return 'heaviest load measured'
    if (worst === undefined || worst.share >= wanted) return null
    const missed = measured - worst.share
    return missed < 1 - measured ? 'heaviest load measured' : worst.metric
  }
  const ceiling = states.throughput(states.most)
  let [low, high] = [0, ceiling]
  if (failing(ceiling * 1e-4) !== null) return null
  for (let i = 0; i < 40 && high - low > 1e-4 * high; i++) {
    const middle = (low + high) / 2
    if (failing(middle) === null) low = middle
    else high = middle
  }
  const limit = failing(high) ?? 'throughput'
  const beside = limit === 'heaviest load measured' ? curve.steps.slice(-1) : around(curve.steps, low)
  return { requestsPerS: low, limit, between: beside }
}

function weighted(odds: Float64Array, shares: Float64Array | undefined): number {
  return shares === undefined ? 1 : shares.reduce((sum, share, n) => sum + share * (odds[n] ?? 0), 0)
}

function servableOpen({ steps }: ResponseCurve, slo: Slo): Servable | null {
  const limits = limitsOf(slo)
  const missed = (rate: number) =>
    latencyMetrics.find(metric => {
      if (!Number.isFinite(limits[metric])) return false
      const quantiles = latencyAt(place(steps, rate), metric)
      return quantiles === null || shareBelow(quantiles, limits[metric]) < wanted - 1e-9
    })
  const [first, last] = [steps[0], steps.at(-1)]
  if (first === undefined || last === undefined || missed(first.load) !== undefined) return null
  if (steps.every(step => missed(step.load) === undefined))
    return { requestsPerS: last.load, limit: 'heaviest load measured', between: [last] }
  const firstMissed = steps.findIndex(step => missed(step.load) !== undefined)
  let [low, high] = [steps[firstMissed - 1]?.load ?? first.load, steps[firstMissed]?.load ?? last.load]
  const limit = missed(high) ?? 'throughput'
  for (let i = 0; i < 40 && high - low > 1e-4 * high; i++) {
    const middle = (low + high) / 2
    if (missed(middle) === undefined) low = middle
    else high = middle
  }
  return { requestsPerS: low, limit, between: around(steps, low) }
}

/** The steps on both sides of a rate. */
function around(steps: readonly ResponseStep[], rate: number): readonly ResponseStep[] {
  const above = steps.findIndex(step => step.requestsPerS >= rate)
  if (above === -1) return steps.slice(-1)
  return steps.slice(Math.max(0, above - 1), above + 1)
}

/** What one replica answers at a rate of random arrivals; null beyond what its curve says. */
export function responseAt(curve: ResponseCurve, requestsPerS: number): RateResponse | null {
  if (curve.kind === 'rate') {
    if (requestsPerS > (curve.steps.at(-1)?.load ?? 0)) return null
    const at = place(curve.steps, requestsPerS)
    return answer(metric => {
      const quantiles = latencyAt(at, metric)
      return quantiles === null ? [] : [{ weight: 1, quantiles }]
    }, null)
  }
  const states = statesOf(curve)
  const found = inFlightOdds(requestsPerS, states.throughput, states.most)
  if (found === null) return null
  const { odds, beyond } = found
  const inFlight = odds.reduce((sum, p, n) => sum + p * n, states.most * beyond)
  return answer(
    metric =>
      [...odds.subarray(0, states.most)].flatMap((weight, n): Part[] => {
        const quantiles = weight < 1e-7 ? null : states.latency(metric, n + 1)
        return quantiles === null ? [] : [{ weight, quantiles }]
      }),
    inFlight,
  )
}

function answer(partsOf: (metric: LatencyMetric) => readonly Part[], inFlight: number | null): RateResponse {
  const p95 = (metric: LatencyMetric) => {
    const parts = partsOf(metric)
    return parts.length === 0 ? null : mixtureQuantile(parts, wanted)
  }
  const latency = partsOf('requestLatencyMs')
  const weight = latency.reduce((sum, part) => sum + part.weight, 0)
  return {
    p95: { ttftMs: p95('ttftMs'), itlMs: p95('itlMs'), requestLatencyMs: p95('requestLatencyMs') },
    meanLatencyMs:
      weight === 0 ? null : latency.reduce((sum, part) => sum + part.weight * meanOf(part.quantiles), 0) / weight,
    inFlight,
  }
}

/** A curve as it would be for requests that cost `work` times as much and whose latencies are so many times as long. */
export function scaledCurve(
  curve: ResponseCurve,
  factors: { readonly work: number } & { readonly [metric in LatencyMetric]: number },
): ResponseCurve {
  const times = (quantiles: Quantiles | null, factor: number) => (quantiles === null ? null : scaled(quantiles, factor))
  return {
    kind: curve.kind,
    steps: curve.steps.map(step => ({
      ...step,
      load: curve.kind === 'rate' ? step.load / factors.work : step.load,
      requestsPerS: step.requestsPerS / factors.work,
      latencies: {
        ttftMs: times(step.latencies.ttftMs, factors.ttftMs),
        itlMs: times(step.latencies.itlMs, factors.itlMs),
        requestLatencyMs: times(step.latencies.requestLatencyMs, factors.requestLatencyMs),
      },
    })),
  }
}
