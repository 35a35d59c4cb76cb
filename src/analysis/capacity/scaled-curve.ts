import { type Quantiles, scaled } from './quantiles.ts'
import type { LatencyMetric, ResponseCurve } from './response.ts'

/**
 * Scales a curve to requests that take `work` times as much and whose latencies are multiplied by the given factors.
 */
export function scaledCurve(
  curve: ResponseCurve,
  factors: { readonly work: number } & { readonly [metric in LatencyMetric]: number },
): ResponseCurve {
  const times = (quantiles: Quantiles | null, factor: number) => (quantiles === null ? null : scaled(quantiles, factor))
  return {
    kind: curve.kind,
    steps: curve.steps.map(step => ({
      ...step,
      load: curve.kind === 'rate' ? step.load / factors.work : step.load,
      requestsPerS: step.requestsPerS / factors.work,
      latencies: {
        ttftMs: times(step.latencies.ttftMs, factors.ttftMs),
        itlMs: times(step.latencies.itlMs, factors.itlMs),
        requestLatencyMs: times(step.latencies.requestLatencyMs, factors.requestLatencyMs),
      },
    })),
  }
}
