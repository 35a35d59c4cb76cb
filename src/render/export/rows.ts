import type { Analysis } from '../../analysis/analyse.ts'
import { meetsSlo } from '../../analysis/slo.ts'
import type { Row } from './columns.ts'

/** Every repeat of every point, by workload and point, in journal order. */
export function rowsOf(analysis: Analysis): readonly Row[] {
  const overall = new Set(analysis.overallFrontier)
  return analysis.workloads.flatMap(workload => {
    const frontier = new Set(workload.frontier)
    return workload.points.flatMap(point =>
      point.repeats.map(result => ({
        result,
        point,
        workload: workload.name,
        onFrontier: result.status === 'ok' && frontier.has(point),
        onOverallFrontier: result.status === 'ok' && overall.has(point),
        meetsSlo: meetsSlo(point),
      })),
    )
  })
}
