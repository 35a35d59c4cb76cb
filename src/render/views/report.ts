import type { Analysis, WorkloadAnalysis } from '../../analysis/analyse.ts'
import type { ChartPoint } from './chart-point.ts'
import { chartPoints, mostTelling } from './chart-point.ts'
import type { OverallReport } from './overall.ts'
import { overallOf } from './overall.ts'
import type { RatioPoint } from './ratio-point.ts'
import { ratioPoints } from './ratio-point.ts'

/** All contents of a report, computed once so that page, Markdown, specifications and pictures agree. */
export interface Report {
  readonly analysis: Analysis
  /** Every point, in the order of the analysis. */
  readonly points: readonly ChartPoint[]
  readonly sections: readonly WorkloadReport[]
  /** Null for a run of one workload. */
  readonly overall: OverallReport | null
  /** Names of the deployments in charts, in first-seen order; colors follow this order. */
  readonly series: readonly string[]
  /** Number of all deployments. Charts show only some of a large run's. */
  readonly deployments: number
}

/** One workload's part of a report. */
export interface WorkloadReport {
  readonly analysis: WorkloadAnalysis
  /** Safe in file names and URL fragments. */
  readonly slug: string
  readonly points: readonly ChartPoint[]
  /** Points of the deployments in charts. */
  readonly drawn: readonly ChartPoint[]
  /** Points of the deployments in charts, plus the best of each ratio and heat map cell. */
  readonly ratios: readonly RatioPoint[]
}

/**
 * Maximum deployments in charts: readers cannot distinguish more colors, and thousands of names would fill the page.
 */
const mostSeries = 300

/** Computes the contents of a report from an analysis. */
export function reportOf(analysis: Analysis): Report {
  const points = chartPoints(analysis)
  const slugs = uniqueSlugs(analysis.workloads.map(workload => slugOf(workload.name)))
  const names = [...new Set(points.map(point => point.deployment))]
  const series = shownSeries(points, names)
  const isShown = new Set(series)
  const byWorkload = Map.groupBy(points, point => point.workload)
  return {
    analysis,
    points,
    series,
    deployments: names.length,
    sections: analysis.workloads.map((workload, index) => {
      const own = byWorkload.get(workload.name) ?? []
      return {
        analysis: workload,
        slug: slugs[index] ?? '',
        points: own,
        drawn: own.filter(({ deployment }) => isShown.has(deployment)),
        ratios: ratioPoints(workload).filter(
          ({ deployment, bestOfRatio, bestOfCell }) => isShown.has(deployment) || bestOfRatio || bestOfCell,
        ),
      }
    }),
    overall: overallOf(analysis, points, slugs),
  }
}

function shownSeries(points: readonly ChartPoint[], names: readonly string[]): readonly string[] {
  const of = (isSo: (point: ChartPoint) => boolean) => new Set(points.filter(isSo).map(({ deployment }) => deployment))
  const recommended = of(point => point.recommended)
  const onFrontier = of(point => point.onFrontier)
  const notOk = of(point => point.status !== 'ok')
  return mostTelling(names, mostSeries, [
    name => recommended.has(name),
    name => onFrontier.has(name),
    name => notOk.has(name),
  ])
}

/** Whether any point of the workload has an SLO. */
export const sectionHasSlo = ({ points }: WorkloadReport): boolean => points.some(({ slo }) => slo !== 'no SLO')

/** Numbers equal slugs by the position of their workloads. */
function uniqueSlugs(slugs: readonly string[]): readonly string[] {
  return slugs.map((slug, index) => (slugs.indexOf(slug) === index ? slug : `${slug}-${index + 1}`))
}

/** Makes a name safe in file names and URL fragments; the result is not unique. */
export function slugOf(name: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return slug === '' ? 'workload' : slug.slice(0, 60)
}
