import type { Run } from '../journal/run.ts'
import { answersAreOneToken } from '../metrics/definitions.ts'
import { type Figure, figures } from '../metrics/figures/index.ts'
import type { Point, Workload } from '../model/index.ts'
import { canonicalJson, rememberedOf } from '../model/index.ts'
import { frontierOnFewestGpus } from './frontier.ts'
import { hypervolume } from './hypervolume.ts'
import type { LoadCurve } from './load-curve.ts'
import { loadCurves } from './load-curve.ts'
import type { MeasuredPoint } from './measured-point.ts'
import { measuredPoints } from './measured-point.ts'
import type { Recommendation } from './recommend.ts'
import { recommend } from './recommend.ts'
import { type Rivals, rivalsOf } from './rivals.ts'
import type { ServingModes } from './serving-modes.ts'
import { bestOf, servingModes } from './serving-modes.ts'
import { type MixRecommendation, recommendForMix } from './tune/mix.ts'
import { type VariantGain, variantGains } from './variants.ts'

/**
 * Everything concluded from a run. It can be recomputed from the journal at any time, without a GPU.
 *
 * @example
 * ```ts
 * import { type Analysis, analyse, readRun } from 'fulcrum'
 *
 * const analysis: Analysis = analyse(await readRun('results/quick/20261124T230000Z-1a2b3c'))
 * console.log(analysis.workloads.map(({ name }) => name))
 * ```
 */
export interface Analysis {
  readonly run: Run
  /** Figures that each point has an estimate of. */
  readonly figures: readonly Figure[]
  readonly points: readonly MeasuredPoint[]
  /** One for each workload, in first-seen order. */
  readonly workloads: readonly WorkloadAnalysis[]
  /**
   * Frontier over all workloads by ascending x. Workloads differ in difficulty, so read the frontiers of single
   * workloads first.
   */
  readonly overallFrontier: readonly MeasuredPoint[]
  /** One deployment for the sweep's mix of workloads; null without a mix. */
  readonly mix: MixRecommendation | null
}

/**
 * Conclusions from the points of one workload.
 *
 * @example
 * ```ts
 * import type { WorkloadAnalysis } from 'fulcrum'
 *
 * export const bestDeployment = ({ recommendation }: WorkloadAnalysis): string | null =>
 *   recommendation.best?.deployment.id ?? null
 * ```
 */
export interface WorkloadAnalysis {
  readonly workload: Workload
  /** Unique within the run, even if two workloads have the same name. */
  readonly name: string
  readonly points: readonly MeasuredPoint[]
  /** By ascending output tokens/s per user. */
  readonly frontier: readonly MeasuredPoint[]
  /** Area below the frontier, measured from (0, 0): (tokens/s/user) × (tokens/s/GPU). */
  readonly hypervolume: number
  readonly recommendation: Recommendation
  /** Points without a valid measurement that could overturn the recommendation. */
  readonly rivals: Rivals
  readonly curves: readonly LoadCurve[]
  /** Best point of each deployment, within the SLO if any point meets it. */
  readonly best: readonly MeasuredPoint[]
  readonly servingModes: readonly ServingModes[]
  /** Each variant against the first one of the sweep file; empty without variants. */
  readonly variants: readonly VariantGain[]
}

/**
 * Analyses a run: groups repeats, finds frontiers and recommends a deployment. Pure.
 * @param registry figures to estimate for each point
 */
export function analyse(run: Run, registry: readonly Figure[] = figures): Analysis {
  const points = measuredPoints(run, registry)
  const byWorkload = [...Map.groupBy(points, point => canonicalJson(point.workload)).values()]
  const workloads = byWorkload.map((alike, index) => analyseWorkload(alike, uniqueName(byWorkload, index), run))
  const { mix } = run.manifest
  return {
    run,
    figures: registry,
    points,
    workloads,
    overallFrontier: frontierOfPoints(comparable(points)),
    mix: mix === undefined ? null : recommendForMix(workloads, mix),
  }
}

/**
 * The tokens/s per user of one-token answers are not comparable with those of longer answers, so they only share a
 * frontier with each other.
 */
function comparable(points: readonly MeasuredPoint[]): readonly MeasuredPoint[] {
  const decoding = points.filter(({ valid }) => !valid.some(answersAreOneToken))
  return decoding.length === 0 ? points : decoding
}

/** Points without a valid measurement, or without streaming (no interactivity), have no coordinates. */
function frontierOfPoints(points: readonly MeasuredPoint[]): readonly MeasuredPoint[] {
  const places = points.flatMap(point =>
    point.status === 'ok' && point.x !== null && point.y !== null
      ? [{ x: point.x.mean, y: point.y.mean, gpus: point.gpus, point }]
      : [],
  )
  return frontierOnFewestGpus(places).map(place => place.point)
}

function analyseWorkload(points: readonly MeasuredPoint[], name: string, run: Run): WorkloadAnalysis {
  const [first] = points
  if (first === undefined) throw new RangeError('a workload without points')
  const frontier = frontierOfPoints(points)
  const recommendation = recommend(points)
  return {
    workload: first.workload,
    name,
    points,
    frontier,
    hypervolume: hypervolume(frontier.map(point => ({ x: point.x?.mean ?? 0, y: point.y?.mean ?? 0 }))),
    recommendation,
    rivals: rivalsOf(recommendation, points, unmeasuredOf(run, first.workload), run),
    curves: loadCurves(points),
    best: [...Map.groupBy(points, point => point.deployment.id).values()].flatMap(
      alike => bestOf(alike.filter(p => p.status === 'ok')) ?? [],
    ),
    servingModes: servingModes(points),
    variants: variantGains(points, run.manifest),
  }
}

/** Planned points of a workload without a result. */
export function unmeasuredOf({ unmeasured = [] }: Run, workload: Workload): readonly Point[] {
  return byWorkload(unmeasured).get(canonicalJson(workload)) ?? []
}

const byWorkload = rememberedOf((points: readonly Point[]) =>
  Map.groupBy(points, ({ workload }) => contentOf(workload)),
)
const contentOf = rememberedOf((workload: Workload) => canonicalJson(workload))

function uniqueName(groups: readonly (readonly MeasuredPoint[])[], index: number): string {
  const name = (group: readonly MeasuredPoint[] | undefined) => group?.[0]?.workload.name ?? ''
  const earlier = groups.slice(0, index).filter(group => name(group) === name(groups[index])).length
  return earlier === 0 ? name(groups[index]) : `${name(groups[index])} (${earlier + 1})`
}
