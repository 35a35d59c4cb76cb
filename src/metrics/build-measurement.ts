import type { Distribution, Measurement, WholeRun } from './measurement.ts'
import { type Series, steadyState } from './steady.ts'
import { trendOf } from './trend.ts'

/** Answered requests and their tokens; null if answers do not report token counts. */
export interface Counted {
  readonly requests: number
  readonly inputTokens: number | null
  readonly outputTokens: number | null
}

/**
 * Sums from which a measurement's figures are computed, collected from records afterwards or request by request.
 * Distributions cover answered measured requests.
 */
export interface MeasuredSums
  extends Pick<Measurement, 'window' | 'ttftMs' | 'ttstMs' | 'itlMs' | 'requestLatencyMs' | 'fromSend' | 'isl' | 'osl'>,
    Pick<Measurement, 'outputTokensPerSPerUser' | 'prefillTokensPerSPerUser' | 'totals' | 'tails'> {
  readonly durationS: number
  readonly completed: number
  readonly failed: number
  /** Tokens and requests that arrived within the window, from requests of any phase. */
  readonly within: Counted
  /** Completed requests that meet every objective; null without an SLO. */
  readonly good: number | null
  /** Latency of answered requests in order of their due times. */
  readonly latencies: Series
  /** TTFT of answered requests in the same order, without requests that have none. */
  readonly ttftValues: Float64Array
  /** Mean requested lengths in tokens; null if requests set none. */
  readonly asked: { readonly isl: number | null; readonly osl: number | null }
}

/** Figures that {@link measured} computes or copies. */
export type BuiltFigures = Pick<
  Measurement,
  | (keyof MeasuredSums & keyof Measurement)
  | 'requests'
  | 'requestsPerS'
  | 'inputTokensPerS'
  | 'outputTokensPerS'
  | 'goodputPerS'
  | 'steady'
  | 'ttftTrend'
  | 'deviation'
>

/** Computes the figures of a measurement from sums, for real and simulated requests alike. */
export function measured(sums: MeasuredSums): BuiltFigures {
  const { completed, failed, within, good, latencies, ttftValues, asked, ...figures } = sums
  const perS = perSecondOf(sums.durationS)
  const goodWithin = within.requests === completed ? good : shareOf(within.requests, good, completed)
  return {
    ...figures,
    ...ratesWithin(within, sums.durationS),
    requests: requestsOf(completed, failed),
    goodputPerS: perS(goodWithin),
    steady: steadyState(latencies),
    ttftTrend: trendOf(ttftValues),
    deviation: { isl: deviation(sums.isl, asked.isl), osl: deviation(sums.osl, asked.osl) },
  }
}

/** Figures of a whole run; `within` contains all of its answered requests. */
export function wholeRunOf(
  durationS: number,
  within: Counted,
  failed: number,
  latencies: Pick<WholeRun, 'ttftMs' | 'itlMs' | 'requestLatencyMs'>,
): WholeRun {
  return {
    durationS,
    requests: requestsOf(within.requests, failed),
    ...latencies,
    ...ratesWithin(within, durationS),
  }
}

const requestsOf = (completed: number, failed: number) => ({ sent: completed + failed, completed, failed })

function ratesWithin(within: Counted, durationS: number) {
  const perS = perSecondOf(durationS)
  return {
    requestsPerS: perS(within.requests),
    inputTokensPerS: perS(within.inputTokens),
    outputTokensPerS: perS(within.outputTokens),
  }
}

/** The same share of `requests` as `good` is of `completed`. */
function shareOf(requests: number, good: number | null, completed: number): number | null {
  if (good === null || completed === 0) return good
  return requests * (good / completed)
}

function deviation(got: Distribution | null, asked: number | null): number | null {
  return got === null || asked === null || asked === 0 ? null : (got.mean - asked) / asked
}

/** Converts counts to rates per second of a window; null without a count, and for a window of length 0. */
function perSecondOf(durationS: number): (count: number | null) => number | null {
  return count => (count === null || !(durationS > 0) ? null : count / durationS)
}
