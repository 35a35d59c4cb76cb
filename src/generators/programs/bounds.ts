import { type Load, mostWarmup } from '../../model/index.ts'

/** Time for start-up, prompts and summary of a Python load generator on a slow machine. */
const aroundMs = 180_000

/**
 * Maximum duration of a generator's whole run in ms, if every request takes its full timeout. A longer run has stalled.
 */
export function longestRunMs(load: Load): number {
  const { level } = load
  if (level.kind !== 'concurrency') {
    const rate = level.kind === 'rate' ? level.requestsPerS : 1
    // An open loop may warm up for as long as its window, or for a minute without answers.
    const sendingMs = ((load.warmup + 2 * (load.requests ?? 0)) / rate) * 1000
    return aroundMs + sendingMs + 60_000 + 2 * load.timeoutMs + 2 * windowMs(load)
  }
  const waves = Math.ceil(mostWarmup(load) / level.concurrency) + Math.ceil((load.requests ?? 0) / level.concurrency)
  // One additional wave starts late, and another maintains the load.
  return aroundMs + (waves + 2) * load.timeoutMs + windowMs(load)
}

function windowMs(load: Load): number {
  return ((load.durationS ?? 0) + load.graceS) * 1000
}
