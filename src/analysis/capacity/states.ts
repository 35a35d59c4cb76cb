import { monotoneCubic } from './monotone-cubic.ts'
import { between, type Quantiles } from './quantiles.ts'
import { type LatencyMetric, latencyMetrics, type ResponseCurve, type ResponseStep } from './response.ts'

/** Maximum states to compute, for a closed loop of at least one request. */
const mostStates = 4096

/** A closed loop's curve with every concurrency filled in, for fast lookups. */
export interface States {
  readonly most: number
  throughput(inFlight: number): number
  latency(metric: LatencyMetric, inFlight: number): Quantiles | null
}

/**
 * Interpolates throughput and latencies between measured loads by {@link monotoneCubic}. Below the lightest load,
 * latencies are its own and throughput rises from 0. Makes no assumption about loads above the measured ones.
 */
export function statesOf({ steps }: ResponseCurve): States {
  const most = Math.min(mostStates, Math.floor(steps.at(-1)?.load ?? 1))
  const loads = steps.map(step => step.load)
  const rising = monotoneCubic([0, ...loads], [0, ...steps.map(step => step.requestsPerS)])
  const throughputs = Float64Array.from({ length: most + 1 }, (_, n) => rising(n))
  const known = new Map(latencyMetrics.map(metric => [metric, remembered(latencyBetween(steps, metric))]))
  return {
    most,
    throughput: n => throughputs[n] ?? rising(n),
    latency: (metric, n) => known.get(metric)?.(n) ?? null,
  }
}

function latencyBetween(steps: readonly ResponseStep[], metric: LatencyMetric): (inFlight: number) => Quantiles | null {
  const all = steps.map(step => step.latencies[metric])
  const measured = all.filter(quantiles => quantiles !== null)
  if (measured.length < all.length) return n => latencyAt(bracketOf(steps, n), metric)
  const loads = steps.map(step => step.load)
  const [first = []] = measured
  const curves = first.map((_, rank) =>
    monotoneCubic(
      loads,
      measured.map(quantiles => quantiles[rank] ?? 0),
    ),
  )
  return n => curves.map(curve => curve(n))
}

/** Caches values by state, because many rates use the same states. */
function remembered<T>(of: (n: number) => T): (n: number) => T {
  const found = new Map<number, T>()
  return n => {
    const known = found.get(n)
    if (known !== undefined) return known
    const value = of(n)
    found.set(n, value)
    return value
  }
}

/** Position of a load between two measured ones. */
export interface Bracket {
  /** Null below the lightest load. */
  readonly low: ResponseStep | null
  readonly high: ResponseStep
  readonly share: number
}

/** Finds the two measured loads around a load. */
export function bracketOf(steps: readonly ResponseStep[], load: number): Bracket {
  const above = steps.findIndex(step => step.load >= load)
  const high = steps[above === -1 ? steps.length - 1 : above]
  if (high === undefined) throw new RangeError('a curve without steps')
  const low = above > 0 ? (steps[above - 1] ?? null) : null
  return { low, high, share: low === null ? 1 : (load - low.load) / (high.load - low.load) }
}

/** Latencies at a load between two measured ones, interpolated linearly; null if not measured. */
export function latencyAt({ low, high, share }: Bracket, metric: LatencyMetric): Quantiles | null {
  const [from, to] = [low?.latencies[metric] ?? null, high.latencies[metric]]
  if (to === null) return null
  return from === null ? to : between(from, to, share)
}
