import { inFlightOdds } from './in-flight.ts'
import { type PromptQueue, promptQueue } from './prompt-queue.ts'
import { shareBelow } from './quantiles.ts'
import type { LatencyMetric, ResponseCurve } from './response.ts'
import { type States, statesOf } from './states.ts'

/** Response to random traffic, derived from a closed loop's curve. */
export interface RandomTraffic {
  readonly states: States
  /** Null if the rate is more than the replica can answer. */
  at(requestsPerS: number): Meeting | null
}

/** Conditions for arriving requests at one rate. */
export interface Meeting {
  readonly odds: Float64Array
  /** Share of requests that arrive with more requests in flight than measured. */
  readonly beyond: number
  /** Share of requests that arrive within the measured range. */
  readonly known: number
  /** Share of requests with a latency within a limit in ms, 0–1. Unmeasured states count as missed. */
  shareWithin(metric: LatencyMetric, limitMs: number): number
}

/** Less probable states are computed without the queue that a closed loop hides. */
const rare = 1e-5

/**
 * A closed loop of n requests shows the response with n in flight (its flow-equivalent server); random arrivals make n
 * vary. The tail of TTFT also takes the prompt queue into account, which a closed loop underestimates: the lower of the
 * two shares counts.
 */
export function randomTraffic(curve: ResponseCurve): RandomTraffic {
  const known = read.get(curve) ?? readTraffic(curve)
  read.set(curve, known)
  return known
}

/** Cache: a plan evaluates the same curve under many assumptions, and a page under many questions. */
const read = new WeakMap<ResponseCurve, RandomTraffic>()

function readTraffic(curve: ResponseCurve): RandomTraffic {
  const states = statesOf(curve)
  const queue = promptQueue(curve)
  const alone = curve.steps[0]?.latencies.ttftMs ?? null
  return {
    states,
    at: requestsPerS => {
      const found = inFlightOdds(requestsPerS, states.throughput, states.most)
      if (found === null) return null
      const { odds, beyond } = found
      const mixed = (metric: LatencyMetric, limitMs: number, hidden: PromptQueue | null) => {
        let share = 0
        for (let n = 0; n < states.most; n++) {
          const weight = odds[n] ?? 0
          if (weight < 1e-12) continue
          const quantiles = states.latency(metric, n + 1)
          if (quantiles === null) continue
          share +=
            weight *
            (hidden === null || weight < rare
              ? shareBelow(quantiles, limitMs)
              : hidden.shareWithin(requestsPerS, limitMs, quantiles))
        }
        return share
      }
      return {
        odds,
        beyond,
        known: odds.subarray(0, states.most).reduce((sum, p) => sum + p, 0),
        shareWithin: (metric, limitMs) => {
          const shown = mixed(metric, limitMs, null)
          if (metric !== 'ttftMs' || queue === null || alone === null) return shown
          const queued = queue.hidden ? mixed(metric, limitMs, queue) : queue.shareWithin(requestsPerS, limitMs, alone)
          return Math.min(shown, queued)
        },
      }
    },
  }
}
