import type { Analysis, WorkloadAnalysis } from '../../analysis/analyse.ts'
import type { ChartPoint } from './chart-point.ts'
import { chartPoints } from './chart-point.ts'
import type { OverallReport } from './overall.ts'
import { overallOf } from './overall.ts'
import type { RatioPoint } from './ratio-point.ts'
import { ratioPoints } from './ratio-point.ts'

/**
 * All that a report shows, worked out once: page, Markdown, specifications and pictures say the same because they read
 * the same.
 */
export interface Report {
  readonly analysis: Analysis
  /** Every point, in the order of the analysis. */
  readonly points: readonly ChartPoint[]
  readonly sections: readonly WorkloadReport[]
  /** Null for a run of one workload. */
  readonly overall: OverallReport | null
  /** Deployment names in first-seen order; colours follow it. */
  readonly series: readonly string[]
}

export interface WorkloadReport {
  readonly analysis: WorkloadAnalysis
  /** Safe in file names and in fragments of a URL. */
  readonly slug: string
  readonly points: readonly ChartPoint[]
  readonly ratios: readonly RatioPoint[]
}

export function reportOf(analysis: Analysis): Report {
  const points = chartPoints(analysis)
  const slugs = uniqueSlugs(analysis.workloads.map(workload => slugOf(workload.name)))
  return {
    analysis,
    points,
    series: [...new Set(points.map(point => point.deployment))],
    sections: analysis.workloads.map((workload, index) => ({
      analysis: workload,
      slug: slugs[index] ?? '',
      points: points.filter(point => point.workload === workload.name),
      ratios: ratioPoints(workload),
    })),
    overall: overallOf(analysis, points, slugs),
  }
}

/** Whether some point of the workload has an SLO. */
export const sectionHasSlo = ({ points }: WorkloadReport): boolean => points.some(({ slo }) => slo !== 'no SLO')

/** Two workloads whose names make one slug are told apart by their place. */
function uniqueSlugs(slugs: readonly string[]): readonly string[] {
  return slugs.map((slug, index) => (slugs.indexOf(slug) === index ? slug : `${slug}-${index + 1}`))
}

/** Safe in file names and in fragments of a URL; not unique. */
export function slugOf(name: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return slug === '' ? 'workload' : slug.slice(0, 60)
}
