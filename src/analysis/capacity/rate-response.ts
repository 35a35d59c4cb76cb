import { inFlightOdds } from './in-flight.ts'
import { meanOf, mixtureQuantile, type Part } from './quantiles.ts'
import type { LatencyMetric, ResponseCurve } from './response.ts'
import { latencyAt, place, statesOf } from './states.ts'

/** Latencies of one replica at a rate of random arrivals. */
export interface RateResponse {
  readonly p95: { readonly [metric in LatencyMetric]: number | null }
  readonly meanLatencyMs: number | null
  /** Requests in flight on average; null for an open loop, which doesn't need it. */
  readonly inFlight: number | null
}

/** The rank that objectives look at. */
const wanted = 0.95

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
