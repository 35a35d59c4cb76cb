import type { Slo } from '../../model/index.ts'
import { type Precision, precisionOf, ttftError } from './precision.ts'
import { shareBelow } from './quantiles.ts'
import { randomTraffic } from './random-traffic.ts'
import { type LatencyMetric, latencyMetrics, limitsOf, type ResponseCurve, type ResponseStep } from './response.ts'
import { bracketOf, latencyAt } from './states.ts'

/** Maximum requests/s that one replica answers within an SLO. */
export interface Servable {
  readonly requestsPerS: number
  /** What limits it: an objective, or the lack of heavier measured loads, in which case it may be capable of more. */
  readonly limit: LatencyMetric | 'throughput' | 'heaviest load measured'
  /** Measured loads next to the limit, the lighter one first; a single one if the limit itself was measured. */
  readonly between: readonly ResponseStep[]
  /** Precision that an open loop of this length allows; null for a closed loop. */
  readonly precision: Precision | null
}

/** Share of requests that must meet each objective. */
const wanted = 0.95

/**
 * Maximum random traffic that one replica of this curve answers within the SLO; null if not even the lightest load
 * meets it.
 *
 * A closed loop of n requests is read as the response with n in flight (its flow-equivalent server). With random
 * traffic n varies, and the tail of the latencies is that of the busy moments. An open loop is used directly.
 */
export function servable(curve: ResponseCurve, slo: Slo): Servable | null {
  const limits = limitsOf(slo)
  const key = latencyMetrics.map(metric => limits[metric]).join(' ')
  const known = found.get(curve) ?? new Map<string, Servable | null>()
  found.set(curve, known)
  const before = known.get(key)
  if (before !== undefined) return before
  const answer = curve.kind === 'rate' ? servableOpen(curve, slo) : servableClosed(curve, slo)
  if (known.size >= mostKept) known.clear()
  known.set(key, answer)
  return answer
}

/** Cache: traffic, price and machines do not affect it, and plans and pages ask repeatedly. */
const found = new WeakMap<ResponseCurve, Map<string, Servable | null>>()
const mostKept = 100

function servableClosed(curve: ResponseCurve, slo: Slo): Servable | null {
  const limits = limitsOf(slo)
  const traffic = randomTraffic(curve)
  const { states } = traffic
  const metrics = latencyMetrics.filter(metric => Number.isFinite(limits[metric]))
  const failing = (rate: number): Servable['limit'] | null => {
    const meeting = traffic.at(rate)
    if (meeting === null) return 'throughput'
    const { known } = meeting
    const worst = metrics
      .map(metric => ({ metric, share: meeting.shareWithin(metric, limits[metric]) }))
      .toSorted((a, b) => a.share - b.share)[0]
    // Latencies in busy moments beyond the measured range are unknown.
    if (known < wanted) return 'heaviest load measured'
    if (worst === undefined || worst.share >= wanted) return null
    const missed = known - worst.share
    return missed < 1 - known ? 'heaviest load measured' : worst.metric
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
  return { requestsPerS: low, limit, between: beside, precision: null }
}

/**
 * Lowest and highest capacity of a closed loop if its TTFTs are as much too short or too long as chance allows: what
 * limits as much lower and higher leave. 0 if even the lightest load may miss the SLO.
 */
export function ttftRange(curve: ResponseCurve, slo: Slo): readonly [low: number, high: number] {
  const [lightest] = curve.steps
  const { ttftP95Ms } = slo
  if (lightest === undefined || ttftP95Ms === undefined) throw new RangeError('a range without a TTFT limit')
  const error = 1 + ttftError(lightest)
  const at = (limitMs: number) => servable(curve, { ...slo, ttftP95Ms: limitMs })?.requestsPerS ?? 0
  return [at(ttftP95Ms / error), at(ttftP95Ms * error)]
}

function servableOpen({ steps }: ResponseCurve, slo: Slo): Servable | null {
  const limits = limitsOf(slo)
  const missed = (rate: number) =>
    latencyMetrics.find(metric => {
      if (!Number.isFinite(limits[metric])) return false
      const quantiles = latencyAt(bracketOf(steps, rate), metric)
      return quantiles === null || shareBelow(quantiles, limits[metric]) < wanted - 1e-9
    })
  const [first, last] = [steps[0], steps.at(-1)]
  if (first === undefined || last === undefined || missed(first.load) !== undefined) return null
  if (steps.every(step => missed(step.load) === undefined))
    return { requestsPerS: last.load, limit: 'heaviest load measured', between: [last], precision: precisionOf([last]) }
  const firstMissed = steps.findIndex(step => missed(step.load) !== undefined)
  let [low, high] = [steps[firstMissed - 1]?.load ?? first.load, steps[firstMissed]?.load ?? last.load]
  const limit = missed(high) ?? 'throughput'
  for (let i = 0; i < 40 && high - low > 1e-4 * high; i++) {
    const middle = (low + high) / 2
    if (missed(middle) === undefined) low = middle
    else high = middle
  }
  const between = around(steps, low)
  return { requestsPerS: low, limit, between, precision: precisionOf(between) }
}

/** The steps on both sides of a rate. */
function around(steps: readonly ResponseStep[], rate: number): readonly ResponseStep[] {
  const above = steps.findIndex(step => step.requestsPerS >= rate)
  if (above === -1) return steps.slice(-1)
  return steps.slice(Math.max(0, above - 1), above + 1)
}
