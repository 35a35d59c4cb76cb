import { isSteady, type ResponseStep } from './response.ts'

/** How far the capacity that an open loop of some length tells may be from the truth, by what of it. */
export interface Precision {
  /** Half of the 95 % interval, relative: all of it. */
  readonly relative: number
  /** The part of it that chance has: how many requests happened to come, and how close together. */
  readonly chance: number
  /** The part that an empty start has: requests that met fewer others than steady traffic has. */
  readonly emptyStart: number
  /** Requests at a load beside the limit, repeats together. */
  readonly requests: number
  /** Seconds of a window beside the limit. */
  readonly windowS: number
}

/**
 * Half widths of 95 % intervals, in 1 / √requests and in latencies / window; measured: `npm run bench -- capacity`
 * holds them against long runs (docs/bench/capacity.md). A p95 rests on a twentieth of the requests, and those come in
 * clumps.
 */
const byChance = 3.5
const byEmptyStart = 0.4

/** The precision of a limit that lies between these loads of an open loop. */
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

/** Requests at each load that leave this precision to chance. */
export function requestsFor(relative: number): number {
  return (byChance / relative) ** 2
}
