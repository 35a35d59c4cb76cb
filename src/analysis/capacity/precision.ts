import { isSteady, type ResponseStep } from './response.ts'

/** Maximum expected error of a capacity measured with an open loop of some length, and its causes. */
export interface Precision {
  /** Half of the 95% interval, relative, over both causes. */
  readonly relative: number
  /** Part due to chance: how many requests arrived, and how close together. */
  readonly chance: number
  /** Part due to the empty start: early requests met fewer others than in steady traffic. */
  readonly emptyStart: number
  /** Requests at a load next to the limit, over all repeats. */
  readonly requests: number
  /** Seconds of a window next to the limit. */
  readonly windowS: number
}

/**
 * Half widths of 95% intervals, in 1 / √requests and in latencies / window. Measured: `npm run bench -- capacity`
 * compares them with long runs (docs/bench/capacity.md). A p95 depends on a twentieth of the requests, and those come
 * in clusters.
 */
const byChance = 3.5
const byEmptyStart = 0.4

/** Precision of a limit between these loads of an open loop. */
export function precisionOf(between: readonly ResponseStep[]): Precision {
  const mean = (of: (step: ResponseStep) => number) => between.reduce((sum, step) => sum + of(step), 0) / between.length
  const requests = mean(({ point }) => point.valid.reduce((sum, m) => sum + m.requests.completed, 0))
  const windowS = mean(({ point }) => point.valid.reduce((sum, m) => sum + m.durationS, 0) / point.valid.length)
  const latencyS = mean(({ latencies }) => (latencies.requestLatencyMs?.[5] ?? 0) / 1000)
  const began = between.some(({ point }) => !point.valid.every(isSteady))
  const chance = byChance / Math.sqrt(requests)
  const emptyStart = began ? (byEmptyStart * latencyS) / windowS : 0
  return { relative: Math.min(1, chance + emptyStart), chance, emptyStart, requests, windowS }
}

/** Requests needed at each load for this precision. */
export function requestsFor(relative: number): number {
  return (byChance / relative) ** 2
}

/**
 * Relative error of TTFT p95 at light loads of a closed loop, as half of a 95% interval: by chance, in 1 / √requests, and
 * of the way in which random traffic is read from it. Measured by the same benchmark.
 */
const ttftByChance = 2
const ttftByReading = 0.05

/** Relative error of TTFT p95 as a closed loop shows it at this load. */
export function ttftError({ point }: ResponseStep): number {
  const requests = point.valid.reduce((sum, m) => sum + m.requests.completed, 0)
  return Math.hypot(ttftByChance / Math.sqrt(requests), ttftByReading)
}
