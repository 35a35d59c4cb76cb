import { largest } from '../../model/index.ts'
import { momentsOf, type Quantiles, shareBelowDelayed } from './quantiles.ts'
import type { ResponseCurve } from './response.ts'

/** How long requests that arrive at random wait for the prompts before them. */
export interface PromptQueue {
  /**
   * Aggregated workers: a prompt stops the answers that are being written, and with them the requests that a closed
   * loop would send next. A closed loop therefore never shows the queue that random arrivals make, and the wait comes
   * on top of what it shows. A disaggregated deployment's closed loop shows the queue itself.
   */
  readonly hidden: boolean
  /** Share of requests with a TTFT within `limitMs`, 0–1, when TTFT without the queue is as `unqueued`. */
  shareWithin(requestsPerS: number, limitMs: number, unqueued: Quantiles): number
}

/**
 * The queue of prompts by what one request alone takes: prompts are worked off one after another on each worker, dealt
 * out in turn. Waiting time by Krämer and Langenbach-Belz (1976, "Approximate formulae for the delay in the queueing
 * system GI/G/1"): exact mean for one worker (M/G/1, Pollaczek-Khinchine), and an exponential wait of those that wait.
 * Null for open loops, which were measured with it, and where the lightest load is more than a request for each worker,
 * so that nothing says what one alone takes.
 */
export function promptQueue({ kind, steps }: ResponseCurve): PromptQueue | null {
  const [lightest] = steps
  const alone = lightest?.latencies.ttftMs ?? null
  if (kind !== 'concurrency' || lightest === undefined || alone === null) return null
  const { topology } = lightest.point.deployment
  const workers = topology.kind === 'aggregated' ? topology.workers : topology.prefill
  if (lightest.load > workers) return null
  const { mean, squared } = momentsOf(alone)
  // TTFT has parts that keep no worker busy (frontend, transfer): what was answered bounds the time that a prompt does
  // take.
  const serviceS = Math.min(mean / 1000, workers / largest(steps.map(step => step.requestsPerS)))
  /** Squared coefficients of variation of service and, dealt out in turn, of arrivals at a worker. */
  const [service, arrivals] = [Math.max(0, squared / mean ** 2 - 1), 1 / workers]
  return {
    hidden: topology.kind === 'aggregated',
    shareWithin: (requestsPerS, limitMs, unqueued) => {
      const busy = (requestsPerS / workers) * serviceS
      if (busy >= 1) return 0
      return shareBelowDelayed(unqueued, limitMs, waitOf(busy, 1000 * serviceS, arrivals, service))
    },
  }
}

/** Share of requests that wait, and for how long they do on average. */
function waitOf(busy: number, serviceMs: number, arrivals: number, service: number) {
  const both = arrivals + service
  const smooth = Math.exp((-2 * (1 - busy) * (1 - arrivals) ** 2) / (3 * busy * both))
  const meanOfAll = ((serviceMs * busy) / (1 - busy)) * (both / 2) * smooth
  const rest = (1 + arrivals + busy * service) / (1 + busy * (service - 1) + busy ** 2 * (4 * arrivals + service))
  const delayed = busy + (arrivals - 1) * busy * (1 - busy) * rest
  // Hardly any wait of regular arrivals underflows to none.
  return { delayed, meanMs: Math.max(meanOfAll / delayed, 1e-6 * serviceMs) }
}
