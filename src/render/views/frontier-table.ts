import type { Analysis } from '../../analysis/analyse.ts'
import { loadLabel } from '../../analysis/load-label.ts'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import { meetsSlo, objectives } from '../../analysis/slo.ts'
import { type Figure, interactivity, perGpuThroughput } from '../../metrics/figures/index.ts'
import { figure, time, valueText } from './format.ts'
import { workloadNames } from './overall.ts'
import { tableFigures } from './point-figures.ts'

/** A frontier point as a row of terminal output and summary.md; every field is formatted text. */
export interface FrontierRow {
  readonly workload: string
  readonly deployment: string
  readonly load: string
  readonly gpus: string
  /** Output tokens/s per user and per GPU, as numbers. */
  readonly x: number
  readonly y: number
  readonly tokensPerSPerUser: string
  readonly tokensPerSPerGpu: string
  readonly ttftP95: string
  readonly itlP95: string
  /** Other figures that the registry shows in tables; absent without any. */
  readonly more?: readonly { readonly title: string; readonly text: string }[]
  /** `yes`, `no`, or `–` without an SLO. */
  readonly slo: string
  /** True for the recommended deployment and load. */
  readonly recommended: boolean
}

/** Every workload's frontier by ascending interactivity. */
export function frontierTable(analysis: Analysis): readonly FrontierRow[] {
  const shown = tableFigures(analysis.figures, analysis.points)
  return analysis.workloads.flatMap(({ name, frontier, recommendation }) =>
    frontier.map(point => frontierRow(point, shown, name, point === recommendation.best)),
  )
}

/**
 * Frontier over all workloads by ascending interactivity; empty for a run of one workload. No point of it is
 * recommended.
 */
export function overallFrontierTable(analysis: Analysis): readonly FrontierRow[] {
  if (analysis.workloads.length < 2) return []
  const names = workloadNames(analysis)
  const shown = tableFigures(analysis.figures, analysis.points)
  return analysis.overallFrontier.map(point =>
    frontierRow(point, shown, names.get(point) ?? point.workload.name, false),
  )
}

/** Figures with separate fields. */
const ownFields = [interactivity, perGpuThroughput, 'ttft_p95_ms', 'itl_p95_ms']

function frontierRow(
  point: MeasuredPoint,
  shown: readonly Figure[],
  workload: string,
  recommended: boolean,
): FrontierRow {
  const more = shown
    .filter(({ name }) => !ownFields.includes(name))
    .map(of => ({ title: of.short ?? of.title, text: valueText(of, point.figures[of.name]?.mean) }))
  return {
    workload,
    deployment: point.label,
    load: loadLabel(point.load.level),
    gpus: String(point.gpus),
    x: point.x?.mean ?? 0,
    y: point.y?.mean ?? 0,
    tokensPerSPerUser: figure(point.x?.mean),
    tokensPerSPerGpu: figure(point.y?.mean),
    ttftP95: time(point.figures.ttft_p95_ms?.mean),
    itlP95: time(point.figures.itl_p95_ms?.mean),
    ...(more.length === 0 ? {} : { more }),
    slo: objectives(point).length === 0 ? '–' : meetsSlo(point) ? 'yes' : 'no',
    recommended,
  }
}
