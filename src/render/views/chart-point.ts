import type { Analysis, WorkloadAnalysis } from '../../analysis/analyse.ts'
import { estimateOf } from '../../analysis/estimate.ts'
import { dominatorOf, frontierOf } from '../../analysis/frontier.ts'
import { loadLabel, loadValue } from '../../analysis/load-label.ts'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import { meetsSlo, objectives } from '../../analysis/slo.ts'
import { type Figure, interactivity, perGpuThroughput } from '../../metrics/figures/index.ts'
import { defined, topologyLabel, workersOf } from '../../model/index.ts'

/** A point for charts, as flat data that can be published as JSON. Null where there is nothing to draw. */
export interface ChartPoint {
  readonly key: string
  readonly workload: string
  /** Series: topology, plus settings if needed to distinguish deployments. */
  readonly deployment: string
  /** Absent in a run without variants. */
  readonly variant?: string
  /** True if on the frontier of its variant's own points; otherwise absent. */
  readonly ofVariant?: true
  readonly topology: string
  readonly kind: 'aggregated' | 'disaggregated'
  readonly prefill: number
  readonly decode: number
  readonly gpus: number
  readonly load: string
  readonly loadKind: string
  readonly loadValue: number | null
  readonly status: string
  /** Standing in words: `on the frontier`, `dominated by 2P1D at concurrency 64`, `invalid: …`. */
  readonly standing: string
  readonly onFrontier: boolean
  readonly recommended: boolean
  readonly knee: boolean
  /** `yes`, `no`, or `no SLO`. */
  readonly slo: string
  readonly x: number | null
  readonly xLow: number | null
  readonly xHigh: number | null
  readonly y: number | null
  readonly yLow: number | null
  readonly yHigh: number | null
  readonly ttftP50: number | null
  readonly ttftP95: number | null
  readonly ttftP99: number | null
  /** Absent if no answer shows reasoning. */
  readonly ttfoP50?: number
  readonly ttfoP95?: number
  readonly ttfoP99?: number
  readonly itlP50: number | null
  readonly itlP95: number | null
  readonly itlP99: number | null
  readonly repeats: number
  readonly validRepeats: number
}

/** Chart points of every workload, in the order of the analysis. */
export function chartPoints(analysis: Analysis): readonly ChartPoint[] {
  return analysis.workloads.flatMap(workload => {
    const frontier = new Set(workload.frontier)
    const ofVariant = variantFrontiers(workload.points)
    const knees = new Set(workload.curves.map(curve => curve.knee))
    return workload.points.map(point =>
      chartPoint(point, workload, {
        shown: shownFigures(point, analysis.figures),
        onFrontier: frontier.has(point),
        ofVariant: ofVariant.has(point),
        knee: knees.has(point),
      }),
    )
  })
}

interface PointMarks {
  readonly shown: MeasuredPoint['figures']
  readonly onFrontier: boolean
  readonly ofVariant: boolean
  readonly knee: boolean
}

/** Points on the frontiers of the individual variants; empty for a run with fewer than two. */
function variantFrontiers(points: readonly MeasuredPoint[]): ReadonlySet<MeasuredPoint> {
  const places = points.flatMap(point =>
    point.status === 'ok' && point.x !== null && point.y !== null && point.deployment.variant !== undefined
      ? [{ x: point.x.mean, y: point.y.mean, point }]
      : [],
  )
  const byVariant = Map.groupBy(places, ({ point }) => point.deployment.variant)
  if (byVariant.size < 2) return new Set()
  return new Set([...byVariant.values()].flatMap(own => frontierOf(own).map(({ point }) => point)))
}

function chartPoint(
  point: MeasuredPoint,
  workload: WorkloadAnalysis,
  { shown, onFrontier, ofVariant, knee }: PointMarks,
): ChartPoint {
  const { topology } = point.deployment
  const x = shown[interactivity]
  const y = shown[perGpuThroughput]
  return {
    key: point.key,
    workload: workload.name,
    deployment: point.label,
    ...defined({ variant: point.deployment.variant, ofVariant: ofVariant ? (true as const) : undefined }),
    topology: topologyLabel(topology),
    kind: topology.kind,
    prefill: workersOf(topology, 'prefill'),
    decode: workersOf(topology, 'decode'),
    gpus: point.gpus,
    load: loadLabel(point.load.level),
    loadKind: point.load.level.kind,
    loadValue: loadValue(point.load.level),
    status: point.status,
    standing: standingOf(point, workload, onFrontier),
    onFrontier,
    recommended: point === workload.recommendation.best,
    knee,
    slo: objectives(point).length === 0 ? 'no SLO' : meetsSlo(point) ? 'yes' : 'no',
    x: x?.mean ?? null,
    xLow: x?.ci95?.[0] ?? null,
    xHigh: x?.ci95?.[1] ?? null,
    y: y?.mean ?? null,
    yLow: y?.ci95?.[0] ?? null,
    yHigh: y?.ci95?.[1] ?? null,
    ttftP50: shown.ttft_p50_ms?.mean ?? null,
    ttftP95: shown.ttft_p95_ms?.mean ?? null,
    ttftP99: shown.ttft_p99_ms?.mean ?? null,
    ...defined({
      ttfoP50: shown.ttfo_p50_ms?.mean,
      ttfoP95: shown.ttfo_p95_ms?.mean,
      ttfoP99: shown.ttfo_p99_ms?.mean,
    }),
    itlP50: shown.itl_p50_ms?.mean ?? null,
    itlP95: shown.itl_p95_ms?.mean ?? null,
    itlP99: shown.itl_p99_ms?.mean ?? null,
    repeats: point.repeats.length,
    validRepeats: point.valid.length,
  }
}

/** Charts show an invalid point as a cross at its measured figures. Leaving it out would hide the problem. */
export function shownFigures(point: MeasuredPoint, figures: readonly Figure[]): MeasuredPoint['figures'] {
  if (point.status === 'ok') return point.figures
  const measured = point.repeats.flatMap(repeat => repeat.measurement ?? [])
  return Object.fromEntries(
    figures.map(figure => [
      figure.name,
      estimateOf(measured.map(m => figure.of(m, point.deployment)).filter(value => value !== null)),
    ]),
  )
}

/** Standing of a point in words. */
export function standingOf(point: MeasuredPoint, workload: WorkloadAnalysis, onFrontier: boolean): string {
  if (point.status !== 'ok') return `${point.status}: ${point.reason}`
  if (onFrontier) return 'on the frontier'
  if (point.x === null || point.y === null)
    return 'no tokens/s per user measured (not streamed, or answers arrive in one piece)'
  const dominator = dominatorOf(
    { x: point.x.mean, y: point.y.mean },
    workload.frontier.map(other => ({ x: other.x?.mean ?? 0, y: other.y?.mean ?? 0, other })),
  )
  return dominator === undefined
    ? 'as good as a point on the frontier, but on more GPUs'
    : `dominated by ${dominator.other.label} at ${loadLabel(dominator.other.load.level)}`
}

/**
 * At most `limit` points for a picture: first the frontier and the recommendation, then points that are not ok, then an
 * even selection of the rest. Tables and figures always use all points.
 */
export function sampled(points: readonly ChartPoint[], limit = 2000): readonly ChartPoint[] {
  return mostTelling(points, limit, [point => point.onFrontier || point.recommended, point => point.status !== 'ok'])
}

/**
 * At most `limit` items in their original order. Selects by kind in order of priority, and evenly within the kind that
 * does not fit completely.
 */
export function mostTelling<T>(
  items: readonly T[],
  limit: number,
  kinds: readonly ((item: T) => boolean)[],
): readonly T[] {
  if (items.length <= limit) return items
  const byKind = Map.groupBy(items, item => {
    const at = kinds.findIndex(is => is(item))
    return at === -1 ? kinds.length : at
  })
  const picked = new Set<T>()
  for (let kind = 0; kind <= kinds.length; kind++) {
    const alike = byKind.get(kind) ?? []
    const room = Math.min(limit - picked.size, alike.length)
    for (let i = 0; i < room; i++) picked.add(alike[Math.ceil((i * alike.length) / room)] as T)
  }
  return items.filter(item => picked.has(item))
}
