import { largest } from '../../model/index.ts'
import { momentsOf, type Quantiles, shareBelowDelayed } from './quantiles.ts'
import type { ResponseCurve } from './response.ts'

/** Queueing time of requests that arrive at random and wait for earlier prompts. */
export interface PromptQueue {
  /**
   * True for aggregated workers. On them, a prompt delays the answers being generated, and thereby the next requests of
   * a closed loop. So a closed loop never shows the queue that random arrivals form, and its wait must be added. A
   * disaggregated deployment's closed loop shows the queue itself.
   */
  readonly hidden: boolean
  /**
   * Share of requests with a TTFT within `limitMs`, 0–1, given the distribution of TTFT without the queue in
   * `unqueued`.
   */
  shareWithin(requestsPerS: number, limitMs: number, unqueued: Quantiles): number
}

/**
 * Prompt queue estimated from the time that one request alone takes: each worker processes prompts one after another,
 * dealt out in turn. Waiting time by Krämer and Langenbach-Belz (1976, "Approximate formulae for the delay in the
 * queueing system GI/G/1"): exact mean for one worker (M/G/1, Pollaczek-Khinchine), and exponential waits of the
 * requests that wait. Null for open loops, whose measurements include the queue, and if the lightest load is more than
 * one request per worker, so that the time for a single request is unknown.
 */
export function promptQueue({ kind, steps }: ResponseCurve): PromptQueue | null {
  const [lightest] = steps
  const alone = lightest?.latencies.ttftMs ?? null
  if (kind !== 'concurrency' || lightest === undefined || alone === null) return null
  const { topology } = lightest.point.deployment
  const hidden = topology.kind === 'aggregated'
  const workers = topology.kind === 'aggregated' ? topology.workers : topology.prefill
  if (lightest.load > workers) return null
  const { mean, squared } = momentsOf(alone)
  const aloneS = mean / 1000
  const most = largest(steps.map(step => step.requestsPerS))
  /** Share of the time alone that a prompt occupies a worker under full load, which the answered rate limits. */
  const full = Math.min(1, workers / most / aloneS)
  /**
   * Time that a prompt occupies a worker. The rest of the time alone occupies none (frontend, transfer), or busy workers
   * save it by batching. With little load there is nothing to batch: a share of the rest counts, the smaller the more a
   * batch saves.
   */
  const serviceAt = (requestsPerS: number) => aloneS * full * (1 + (1 - full) * Math.max(0, 1 - requestsPerS / most))
  /** Squared coefficients of variation of service times and of arrivals at a worker, dealt out in turn. */
  const [service, arrivals] = [Math.max(0, squared / mean ** 2 - 1), 1 / workers]
  return {
    hidden,
    shareWithin: (requestsPerS, limitMs, unqueued) => {
      const serviceS = serviceAt(requestsPerS)
      const busy = (requestsPerS / workers) * serviceS
      if (busy >= 1) return 0
      const wait = waitOf(busy, 1000 * serviceS, arrivals, service)
      // An aggregated worker takes all waiting prompts into one pass. A prompt then also waits for those that arrive
      // during the rest of the pass in progress, which is 1 − busy of a wait. The more regular arrivals are, the fewer do.
      const meanMs = wait.meanMs * (hidden ? 1 + arrivals * busy * (1 - busy) : 1)
      return shareBelowDelayed(unqueued, limitMs, { ...wait, meanMs })
    },
  }
}

/** Share of requests that wait, and their mean wait. */
function waitOf(busy: number, serviceMs: number, arrivals: number, service: number) {
  const both = arrivals + service
  const smooth = Math.exp((-2 * (1 - busy) * (1 - arrivals) ** 2) / (3 * busy * both))
  const meanOfAll = ((serviceMs * busy) / (1 - busy)) * (both / 2) * smooth
  const rest = (1 + arrivals + busy * service) / (1 + busy * (service - 1) + busy ** 2 * (4 * arrivals + service))
  const delayed = busy + (arrivals - 1) * busy * (1 - busy) * rest
  // Nearly regular arrivals hardly wait; their wait could underflow to zero.
  return { delayed, meanMs: Math.max(meanOfAll / delayed, 1e-6 * serviceMs) }
}
