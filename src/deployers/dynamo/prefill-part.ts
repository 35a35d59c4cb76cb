import { setTimeout as sleep } from 'node:timers/promises'
import { parseExposition } from '../../telemetry/exposition.ts'

/** Consecutive probes that must go through a prefill worker. After a miss, more are required. */
const probesAtFirst = 4
const probesAfterAMiss = 8
const pauseMs = 500

/** Requests to the deployment, each with its own deadline. */
export interface PrefillSight {
  /** One completion, from start to end. */
  readonly probe: (signal: AbortSignal) => Promise<unknown>
  /** Requests that prefill workers have accepted so far; null if unknown. */
  readonly takenUp: (signal: AbortSignal) => Promise<number | null>
}

/**
 * Waits until completions go through prefill workers. After disaggregated workers replaced aggregated ones, Dynamo
 * 1.4.2's frontend sent about half of the requests to decode workers alone for some 8 s, although all workers were
 * registered. Decode workers answered them immediately without a prefill, so they looked valid.
 * @param patienceMs how long to wait; a router may be configured to prefill short prompts on decode workers
 * @returns whether they do; true if unknown. Measurements are checked with the same counters (`prefill-bypassed`)
 */
export async function prefillTakesPart(sight: PrefillSight, patienceMs: number, signal: AbortSignal): Promise<boolean> {
  const until = performance.now() + patienceMs
  for (let probes = probesAtFirst; ; probes = probesAfterAMiss) {
    const before = await sight.takenUp(signal)
    for (let sent = 0; sent < probes; sent++) await sight.probe(signal)
    const after = await sight.takenUp(signal)
    if (before === null || after === null || after - before >= probes) return true
    if (performance.now() >= until) return false
    await sleep(pauseMs, undefined, { signal })
  }
}

/** Total number of requests that workers have accepted, from their own metrics; null if any cannot be read. */
export async function requestsTakenUp(metricsUrls: readonly string[], signal: AbortSignal): Promise<number | null> {
  try {
    const pages = await Promise.all(metricsUrls.map(url => page(url, signal)))
    return pages.flat().reduce((sum, count) => sum + count, 0)
  } catch {
    signal.throwIfAborted()
    return null
  }
}

async function page(url: string, signal: AbortSignal): Promise<number[]> {
  const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) })
  const { samples } = parseExposition(await answer.text())
  return samples.flatMap(({ name, labels, value }) => {
    const isGenerate = labels.dynamo_endpoint === undefined || labels.dynamo_endpoint === 'generate'
    return name === 'dynamo_component_requests_total' && isGenerate ? [value] : []
  })
}
