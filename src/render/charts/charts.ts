import type { TopLevelSpec } from 'vega-lite'
import { sampled } from '../views/chart-point.ts'
import type { OverallReport } from '../views/overall.ts'
import { spansPlane } from '../views/ratio-point.ts'
import type { Report, WorkloadReport } from '../views/report.ts'
import type { ChartInput, Target } from './chart.ts'
import { frontierSpec } from './frontier.ts'
import { latencySpec } from './latency.ts'
import { heatMapSpec, ratioSpec } from './ratio.ts'

/** One chart of one workload. */
export interface Chart {
  /** `frontier`, `ttft-concurrency`, `itl-rate`, `ratio`, `heat-map`. */
  readonly kind: string
  readonly spec: TopLevelSpec
}

/** The charts that a workload has data for. */
export function chartsOf(report: Report, section: WorkloadReport, target: Target): readonly Chart[] {
  const { name } = section.analysis
  const points = sampled(section.points)
  const input = (title: string, about: string): ChartInput => ({
    points,
    series: report.series,
    title,
    subtitle: `${report.analysis.run.manifest.sweep} · workload ${name}${about}`,
  })
  const slo = section.analysis.points[0]?.slo
  const kinds = (['concurrency', 'rate'] as const).filter(kind => points.some(point => point.loadKind === kind))
  const charts: Chart[] = [{ kind: 'frontier', spec: frontierSpec(input('Pareto frontier', ''), target) }]
  for (const loadKind of kinds) {
    const against = loadKind === 'concurrency' ? 'concurrency' : 'request rate'
    charts.push({
      kind: `ttft-${loadKind}`,
      spec: latencySpec(input(`TTFT p95 against ${against}`, ''), target, {
        metric: 'ttft',
        loadKind,
        sloMs: slo?.ttftP95Ms ?? null,
      }),
    })
    charts.push({
      kind: `itl-${loadKind}`,
      spec: latencySpec(input(`ITL p95 against ${against}`, ''), target, {
        metric: 'itl',
        loadKind,
        sloMs: slo?.itlP95Ms ?? null,
      }),
    })
  }
  if (section.ratios.some(point => point.ratio !== null))
    charts.push({
      kind: 'ratio',
      spec: ratioSpec(input('Throughput per GPU against the prefill:decode ratio', ''), section.ratios, target),
    })
  if (spansPlane(section.ratios))
    charts.push({
      kind: 'heat-map',
      spec: heatMapSpec(input('Throughput per GPU over prefill × decode', ''), section.ratios, target),
    })
  return charts
}

/** The overall frontier: colour tells the deployment, shape the workload. */
export function overallChart(report: Report, overall: OverallReport, target: Target): Chart {
  const input: ChartInput = {
    points: sampled(overall.points),
    series: report.series,
    shapes: overall.workloads,
    title: 'Pareto frontier over all workloads',
    subtitle: `${report.analysis.run.manifest.sweep} · workloads differ in difficulty: read the frontier of one first`,
  }
  return { kind: 'frontier', spec: frontierSpec(input, target) }
}
