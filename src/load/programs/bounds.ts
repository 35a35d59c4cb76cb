import type { Load } from '../../point/index.ts'

/** Start-up, prompts and summary of a Python load generator on a slow machine. */
const aroundMs = 180_000

/**
 * The longest that a generator's whole run can take if every request uses up its own deadline, in ms. Nothing legal
 * takes longer; what does has hung.
 */
export function longestRunMs(load: Load): number {
  const { level } = load
  if (level.kind !== 'concurrency') {
    const rate = level.kind === 'rate' ? level.requestsPerS : 1
    const sendingMs = ((load.warmup + (load.requests ?? 0)) / rate) * 1000
    return aroundMs + sendingMs + 2 * load.timeoutMs + windowMs(load)
  }
  const waves = Math.ceil(load.warmup / level.concurrency) + Math.ceil((load.requests ?? 0) / level.concurrency)
  return aroundMs + (waves + 1) * load.timeoutMs + windowMs(load)
}

function windowMs(load: Load): number {
  return ((load.durationS ?? 0) + load.graceS) * 1000
}
