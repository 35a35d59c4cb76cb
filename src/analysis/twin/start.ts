import { meanTokens } from '../../model/index.ts'
import type { FitPoint } from './fit-point.ts'
import type { TwinParameters } from './parameters.ts'
import { neutralParameters } from './parameters.ts'

/**
 * Initial parameters of a fit. With a profile, they leave its tables unchanged. Without, they come from the lightest
 * loads: a single request waits for nothing, so its TTFT is prefill plus overhead, and its ITL is one decode step.
 */
export function startOf(points: readonly FitPoint[], hasProfile: boolean): TwinParameters {
  if (hasProfile) return { ...neutralParameters, frontendFixedMs: 4, frontendPer1000TokensMs: 1, frontendJitterMs: 1 }
  const light = lightest(points)
  const { fixed, slope } = line(
    light.flatMap(point => {
      const ttftMs = point.measured.ttft_p50_ms
      return ttftMs === undefined ? [] : [{ x: promptTokens(point) / 1000, y: ttftMs }]
    }),
  )
  const stepMs = middle(light.flatMap(point => point.measured.itl_p50_ms ?? []))
  return {
    ...neutralParameters,
    prefillScale: 0,
    decodeScale: 0,
    prefillFixedMs: Math.max(0, 0.5 * fixed),
    prefillPer1000TokensMs: Math.max(0.1, 0.9 * slope),
    decodeFixedMs: 0.6 * stepMs,
    decodePerSequenceMs: 0.4 * stepMs,
    decodeSequenceExponent: 0.6,
    decodePer1000ContextTokensMs: 0.01,
    frontendFixedMs: Math.max(0, 0.2 * fixed),
    frontendPer1000TokensMs: Math.max(0, 0.1 * slope),
    frontendJitterMs: 1,
  }
}

function promptTokens({ simulated }: FitPoint): number {
  return 'isl' in simulated.workload ? meanTokens(simulated.workload.isl) : 0
}

/** Point with the lightest load for each workload and topology. */
function lightest(points: readonly FitPoint[]): readonly FitPoint[] {
  const ttft = (point: FitPoint) => point.measured.ttft_p50_ms ?? Number.POSITIVE_INFINITY
  return [...Map.groupBy(points, point => `${point.topology} ${promptTokens(point)}`).values()].flatMap(group =>
    group.length === 0 ? [] : [group.reduce((a, b) => (ttft(b) < ttft(a) ? b : a))],
  )
}

/** Linear least squares; through the origin if all x are equal. */
function line(points: readonly { readonly x: number; readonly y: number }[]): { fixed: number; slope: number } {
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / Math.max(1, points.length)
  const x = mean(point => point.x)
  const y = mean(point => point.y)
  const spread = mean(point => (point.x - x) ** 2)
  if (!(spread > 1e-9)) return { fixed: 0, slope: x > 0 ? y / x : 0 }
  const slope = Math.max(0, mean(point => (point.x - x) * (point.y - y)) / spread)
  return { fixed: y - slope * x, slope }
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 10
}
