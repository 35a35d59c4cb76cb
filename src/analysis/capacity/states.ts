import { between, type Quantiles } from './quantiles.ts'
import type { LatencyMetric, ResponseCurve, ResponseStep } from './response.ts'

/** A closed loop of at least one request; more states than this are not worth their time. */
const mostStates = 4096

/** A closed loop's curve with every concurrency filled in, so that a rate can be looked up in no time. */
export interface States {
  readonly most: number
  throughput(inFlight: number): number
  latency(metric: LatencyMetric, inFlight: number): Quantiles | null
}

/**
 * Between measured loads throughput and latencies lie on straight lines, below the lightest latencies are those of the lightest
 * and throughput is proportional. Throughput that bends down and latencies that bend up with load, as queues have them, lie on the good
 * side of each of these, so that none promises too much. Nothing is assumed of loads heavier than measured.
 */
export function statesOf({ steps }: ResponseCurve): States {
  const most = Math.min(mostStates, Math.floor(steps.at(-1)?.load ?? 1))
  const at = Array.from({ length: most + 1 }, (_, n) => place(steps, n))
  return {
    most,
    throughput: n => {
      const { low, high, share } = at[n] ?? place(steps, n)
      if (low === null) return (high.requestsPerS * n) / high.load
      return low.requestsPerS + (high.requestsPerS - low.requestsPerS) * share
    },
    latency: (metric, n) => latencyAt(at[n] ?? place(steps, n), metric),
  }
}

export interface Place {
  /** Null below the lightest load. */
  readonly low: ResponseStep | null
  readonly high: ResponseStep
  readonly share: number
}

export function place(steps: readonly ResponseStep[], load: number): Place {
  const above = steps.findIndex(step => step.load >= load)
  const high = steps[above === -1 ? steps.length - 1 : above]
  if (high === undefined) throw new RangeError('a curve without steps')
  const low = above > 0 ? (steps[above - 1] ?? null) : null
  return { low, high, share: low === null ? 1 : (load - low.load) / (high.load - low.load) }
}

export function latencyAt({ low, high, share }: Place, metric: LatencyMetric): Quantiles | null {
  const [from, to] = [low?.latencies[metric] ?? null, high.latencies[metric]]
  if (to === null) return null
  return from === null ? to : between(from, to, share)
}
