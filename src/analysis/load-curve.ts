import { loadValue } from './load-label.ts'
import type { MeasuredPoint } from './measured-point.ts'
import { meetsSlo } from './slo.ts'

/** One deployment under one workload from light to heavy load. */
export interface LoadCurve {
  readonly label: string
  readonly kind: 'concurrency' | 'rate'
  /** Valid points by ascending load. */
  readonly points: readonly MeasuredPoint[]
  /**
   * Point beyond which more load costs more latency than it gains throughput (Kleinrock's power); null with fewer than
   * three loads.
   */
  readonly knee: MeasuredPoint | null
  /** Heaviest load that still meets the SLO; null if none does. */
  readonly capacity: MeasuredPoint | null
  readonly bottleneck: Bottleneck | null
}

/** Stage that slowed down as load rose, as multiples of its median at the lightest load. */
export interface Bottleneck {
  readonly stage: 'prefill' | 'decode' | 'both' | 'none'
  readonly ttftGrowth: number
  readonly itlGrowth: number
}

/** Load curves among the points of one workload, in first-seen order. */
export function loadCurves(points: readonly MeasuredPoint[]): readonly LoadCurve[] {
  const sweepable = points.filter(point => point.status === 'ok' && loadValue(point.load.level) !== null)
  return [...Map.groupBy(sweepable, point => `${point.deployment.id} ${point.load.level.kind}`).values()].flatMap(
    curve => {
      const first = curve[0]
      const kind = first?.load.level.kind
      if (first === undefined || (kind !== 'concurrency' && kind !== 'rate')) return []
      const rising = curve.toSorted((a, b) => (loadValue(a.load.level) ?? 0) - (loadValue(b.load.level) ?? 0))
      return [
        {
          label: first.label,
          kind,
          points: rising,
          knee: kneeOf(rising),
          capacity: rising.findLast(meetsSlo) ?? null,
          bottleneck: bottleneckOf(rising),
        },
      ]
    },
  )
}

/**
 * Point of maximum power, which is throughput divided by mean latency (Kleinrock 1979, "Power and deterministic rules
 * of thumb"). Needs no fit or smoothing, and is always a measured point.
 */
function kneeOf(points: readonly MeasuredPoint[]): MeasuredPoint | null {
  if (points.length < 3) return null
  const power = (point: MeasuredPoint) => {
    const latency = point.figures.request_latency_mean_ms?.mean ?? 0
    return latency > 0 ? (point.figures.request_throughput?.mean ?? 0) / latency : 0
  }
  return points.reduce((best, point) => (power(point) > power(best) ? point : best))
}

/**
 * A stage counts as slowed at twice its median at the lightest load. It is not reported if it slowed less than half as
 * much as the other stage.
 */
function bottleneckOf(points: readonly MeasuredPoint[]): Bottleneck | null {
  const growth = (figure: string) => {
    const light = points[0]?.figures[figure]?.mean
    const heavy = points.at(-1)?.figures[figure]?.mean
    return light === undefined || heavy === undefined || light <= 0 ? null : heavy / light
  }
  const ttftGrowth = growth('ttft_p50_ms')
  const itlGrowth = growth('itl_p50_ms')
  if (points.length < 2 || ttftGrowth === null || itlGrowth === null) return null
  const prefillSlowed = ttftGrowth >= 2 && ttftGrowth >= itlGrowth / 2
  const decodeSlowed = itlGrowth >= 2 && itlGrowth >= ttftGrowth / 2
  const stage = prefillSlowed ? (decodeSlowed ? 'both' : 'prefill') : decodeSlowed ? 'decode' : 'none'
  return { stage, ttftGrowth, itlGrowth }
}
