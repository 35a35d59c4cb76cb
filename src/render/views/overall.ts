import type { Analysis } from '../../analysis/analyse.ts'
import { dominatorOf } from '../../analysis/frontier.ts'
import { loadLabel } from '../../analysis/load-label.ts'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import type { ChartPoint } from './chart-point.ts'

/** Frontier over all workloads of a run with more than one. */
export interface OverallReport {
  /** Differs from the slug of every workload. */
  readonly slug: string
  /** Workload names in first-seen order; shapes follow it. */
  readonly workloads: readonly string[]
  /** Every point with its standing among all workloads. No point is recommended across workloads. */
  readonly points: readonly ChartPoint[]
}

/** Caveat shown before the overall frontier. */
export const overallCaveat =
  'Workloads differ in difficulty: a long prompt costs GPU time that output tokens/s does not count. A workload with few points on this frontier may still be served as well as possible. Choose a deployment by the frontier of its own workload.'

/** Null for a run of one workload, whose frontier is the overall one. */
export function overallOf(
  analysis: Analysis,
  points: readonly ChartPoint[],
  slugs: readonly string[],
): OverallReport | null {
  if (analysis.workloads.length < 2) return null
  const frontier = new Set(analysis.overallFrontier.map(point => point.key))
  const nameOf = workloadNames(analysis)
  const places = analysis.overallFrontier.map(point => ({ x: point.x?.mean ?? 0, y: point.y?.mean ?? 0, point }))
  const standing = (point: ChartPoint): string => {
    if (point.status !== 'ok' || point.x === null || point.y === null) return point.standing
    const by = dominatorOf({ x: point.x, y: point.y }, places)?.point
    if (by === undefined && !frontier.has(point.key))
      return 'not on the overall frontier: answers of one token, or as good as a point of it on more GPUs'
    return by === undefined
      ? 'on the overall frontier'
      : `dominated by ${by.label} at ${loadLabel(by.load.level)}, workload ${nameOf.get(by) ?? by.workload.name}`
  }
  return {
    slug: freeSlug('all-workloads', slugs),
    workloads: analysis.workloads.map(workload => workload.name),
    points: points.map(point => ({
      ...point,
      onFrontier: frontier.has(point.key),
      standing: standing(point),
      recommended: false,
    })),
  }
}

/** Each point's workload, by a name that is unique within the run. */
export function workloadNames(analysis: Analysis): ReadonlyMap<MeasuredPoint, string> {
  return new Map(analysis.workloads.flatMap(({ name, points }) => points.map(point => [point, name] as const)))
}

function freeSlug(wanted: string, taken: readonly string[]): string {
  return taken.includes(wanted) ? freeSlug(`${wanted}-together`, taken) : wanted
}
