import { arrivalSource } from './arrivals.ts'
import type { Arrivals, LoadLevel, Stage } from './load.ts'

/** State of an open loop's warm-up. */
export interface WarmUp {
  /** Minimum number of requests. */
  readonly wanted: number
  readonly answered: number
  /** Time since its first request was due, ms. */
  readonly elapsedMs: number
  /** Longest and shortest latency of the answers so far, ms; 0 and infinity before the first answer. */
  readonly longestLatencyMs: number
  readonly shortestLatencyMs: number
}

/**
 * An open loop is loaded for this many request latencies before its window: the first fills the system, and in the
 * second its queues settle.
 */
const latenciesOfWarmUp = 2
/**
 * A warm-up may last this many of the shortest latencies, which are close to those without load, even if the window is
 * shorter.
 */
const mostShortLatencies = 3

/** The window begins after this time even without enough answers; its figures show why. */
const longestWithoutAnswersMs = 60_000

/**
 * Whether an open loop has been loaded for long enough. It starts empty, so a request sent before the first answers
 * meets less load than later ones. Above what the deployment can serve, latency grows without limit, so a warm-up as
 * long as the window must suffice.
 */
export function isWarm(warmUp: WarmUp, windowMs: number): boolean {
  const { wanted, answered, elapsedMs, longestLatencyMs, shortestLatencyMs } = warmUp

  if (answered < Math.max(1, wanted)) return elapsedMs >= Math.max(longestWithoutAnswersMs, windowMs)
  const mostMs = Math.max(windowMs, mostShortLatencies * shortestLatencyMs)
  return elapsedMs >= Math.min(mostMs, latenciesOfWarmUp * longestLatencyMs)
}

/** Requests/s before and after the window of an open loop; null if it has no rate. */
export function ratesAround(level: LoadLevel): { readonly beforePerS: number; readonly afterPerS: number } | null {
  if (level.kind === 'rate') return { beforePerS: level.requestsPerS, afterPerS: level.requestsPerS }
  if (level.kind !== 'stages') return null
  return { beforePerS: startRate(level.stages[0]), afterPerS: level.stages.at(-1)?.requestsPerS ?? 0 }
}

/** A ramp begins at 0. */
function startRate(stage: Stage | undefined): number {
  return stage?.jump === true ? stage.requestsPerS : 0
}

/**
 * Endless due times of the load before or after an open loop's window, as in {@link arrivalSource}; none at a rate of
 * 0. Each part has a separate seed, so that it repeats nothing of the window.
 */
export function arrivalsAround(
  stretch: 'before' | 'after',
  requestsPerS: number,
  arrivals: Arrivals,
  seed: number,
): () => number {
  if (requestsPerS === 0) return () => Number.POSITIVE_INFINITY
  const endless = { requests: Number.POSITIVE_INFINITY }
  return arrivalSource({ kind: 'rate', requestsPerS, arrivals }, endless, seed + (stretch === 'before' ? 1 : 2))
}
