import { sampled } from '../views/chart-point.ts'
import type { OverallReport } from '../views/overall.ts'
import type { Report, WorkloadReport } from '../views/report.ts'
import type { ChartInput, Target } from './chart.ts'
import { frontierChart, frontierSpec } from './frontier.ts'
import { heatMapChart } from './heat-map.ts'
import { latencyChart } from './latency.ts'
import { ratioChart } from './ratio.ts'
import type { Panel, WorkloadChart } from './workload-chart.ts'

/**
 * The charts of a workload in the order of the page. To add a chart, write one file in this folder and one line here.
 */
export const workloadCharts: readonly WorkloadChart[] = [
  frontierChart,
  ratioChart,
  heatMapChart,
  latencyChart('concurrency'),
  latencyChart('rate'),
]

/** A chart that a workload has data for. */
export interface DrawnChart {
  readonly chart: WorkloadChart
  readonly panels: readonly Panel[]
}

/** The charts that a workload has data for. */
export function chartsOf(
  report: Report,
  section: WorkloadReport,
  target: Target,
  registry: readonly WorkloadChart[] = workloadCharts,
): readonly DrawnChart[] {
  const points = sampled(section.drawn)
  const input = (title: string): ChartInput => ({
    points,
    series: report.series,
    title,
    subtitle: `${report.analysis.run.manifest.sweep} · workload ${section.analysis.name}`,
  })
  return registry.flatMap(chart => {
    const panels = chart.panels({ section, target, input })
    return panels.length === 0 ? [] : [{ chart, panels }]
  })
}

/** The overall frontier: color by deployment, shape by workload. */
export function overallPanel(report: Report, overall: OverallReport, target: Target): Panel {
  const isShown = new Set(report.series)
  const input: ChartInput = {
    points: sampled(overall.points.filter(({ deployment }) => isShown.has(deployment))),
    series: report.series,
    shapes: overall.workloads,
    title: 'Pareto frontier over all workloads',
    subtitle: `${report.analysis.run.manifest.sweep} · workloads differ in difficulty: read the frontier of one first`,
  }
  return { kind: 'frontier', spec: frontierSpec(input, target) }
}
