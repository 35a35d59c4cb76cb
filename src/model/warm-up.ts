import { arrivalSource } from './arrivals.ts'
import type { Arrivals, LoadLevel, Stage } from './load.ts'

/** What an open loop's warm-up has seen so far. */
export interface WarmUp {
  /** Requests that it is to send at least. */
  readonly wanted: number
  readonly answered: number
  /** Since its first request was due, ms. */
  readonly elapsedMs: number
  /** Of the answers so far, ms; 0 and infinity before the first. */
  readonly longestLatencyMs: number
  readonly shortestLatencyMs: number
}

/** Latencies that an open loop is loaded for before its window begins: one fills the system, in another its queues settle. */
const latenciesOfWarmUp = 2
/** Shortest latencies, about those without load, that a warm-up may last even where the window is shorter. */
const mostShortLatencies = 3

/** Without so many answers after this, a window begins all the same: it will show why. */
const longestWithoutAnswersMs = 60_000

/**
 * Whether an open loop has been loaded for long enough. It starts empty: a request that is sent before the first answers meets
 * less load than any later one. Above what the deployment can hold latency grows for ever, and a warm-up as long as the window has to do.
 */
export function isWarm(warmUp: WarmUp, windowMs: number): boolean {
  const { wanted, answered, elapsedMs, longestLatencyMs, shortestLatencyMs } = warmUp

  if (answered < Math.max(1, wanted)) return elapsedMs >= Math.max(longestWithoutAnswersMs, windowMs)
  const mostMs = Math.max(windowMs, mostShortLatencies * shortestLatencyMs)
  return elapsedMs >= Math.min(mostMs, latenciesOfWarmUp * longestLatencyMs)
}

/** Requests/s before and after the window of an open loop; null where it has no rate of its own. */
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
 * Due times of the load that an open loop has before or after its window, without an end, as {@link arrivalSource} gives them; none at
 * a rate of 0. Each stretch has a seed of its own, so that it repeats nothing of the window.
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
