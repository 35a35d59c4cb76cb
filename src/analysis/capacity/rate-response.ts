import { momentsOf, shareBelow, valueAtRank } from './quantiles.ts'
import { randomTraffic } from './random-traffic.ts'
import type { LatencyMetric, ResponseCurve } from './response.ts'
import { bracketOf, latencyAt } from './states.ts'

/** Latencies of one replica at a rate of random arrivals. */
export interface RateResponse {
  readonly p95: { readonly [metric in LatencyMetric]: number | null }
  readonly meanLatencyMs: number | null
  /** Mean requests in flight; null for an open loop, which does not need them. */
  readonly inFlight: number | null
}

/** The percentile of objectives. */
const wanted = 0.95

/** Response of one replica to random arrivals at a rate; null beyond its curve. */
export function responseAt(curve: ResponseCurve, requestsPerS: number): RateResponse | null {
  return curve.kind === 'rate' ? asMeasured(curve, requestsPerS) : asRead(curve, requestsPerS)
}

function asMeasured({ steps }: ResponseCurve, requestsPerS: number): RateResponse | null {
  if (requestsPerS > (steps.at(-1)?.load ?? 0)) return null
  const at = bracketOf(steps, requestsPerS)
  const quantiles = (metric: LatencyMetric) => latencyAt(at, metric)
  const latency = quantiles('requestLatencyMs')
  return {
    p95: p95Of(metric => {
      const own = quantiles(metric)
      return own === null ? null : valueAtRank(wanted, limit => shareBelow(own, limit))
    }),
    meanLatencyMs: latency === null ? null : momentsOf(latency).mean,
    inFlight: null,
  }
}

function asRead(curve: ResponseCurve, requestsPerS: number): RateResponse | null {
  const { states, at } = randomTraffic(curve)
  const meeting = at(requestsPerS)
  if (meeting === null) return null
  const { odds, known, beyond } = meeting
  const latencies = Array.from(odds.subarray(0, states.most), (weight, n) => {
    const quantiles = weight < 1e-12 ? null : states.latency('requestLatencyMs', n + 1)
    return quantiles === null ? ([0, 0] as const) : ([weight, weight * momentsOf(quantiles).mean] as const)
  })
  const weight = latencies.reduce((sum, [own]) => sum + own, 0)
  return {
    p95: p95Of(metric =>
      states.latency(metric, 1) === null
        ? null
        : valueAtRank(wanted * known * (1 - 1e-9), limit => meeting.shareWithin(metric, limit)),
    ),
    meanLatencyMs: weight === 0 ? null : latencies.reduce((sum, [, own]) => sum + own, 0) / weight,
    inFlight: odds.reduce((sum, p, n) => sum + p * n, states.most * beyond),
  }
}

function p95Of(of: (metric: LatencyMetric) => number | null): RateResponse['p95'] {
  return { ttftMs: of('ttftMs'), itlMs: of('itlMs'), requestLatencyMs: of('requestLatencyMs') }
}
