import type { TopLevelSpec } from 'vega-lite'
import type { Comparison } from '../../analysis/compare/comparison.ts'
import type { FigureChange } from '../../analysis/compare/figure-change.ts'
import { shortLoad } from '../../analysis/load-label.ts'
import type { Figure } from '../../metrics/figures/index.ts'
import type { Theme } from '../html/theme.ts'
import { light } from '../html/theme.ts'
import { slugOf } from '../views/report.ts'
import { type ForestRow, forestSpec, frontierPairSpec } from './comparison.ts'
import type { Medium } from './medium.ts'

/** Maximum number of rows in a chart. The table of the page has all. */
export const mostForestRows = 40

/**
 * The figures of the gates, otherwise the three most important ones. Excludes figures in which no point can be
 * compared.
 */
export function picturedFigures(comparison: Comparison): readonly Figure[] {
  const all = comparison.points[0]?.changes.map(({ figure: of }) => of) ?? []
  const gated = new Set(comparison.gates.flatMap(({ gate }) => (gate.kind === 'change' ? gate.figure.name : [])))
  const usual = ['ttft_p95_ms', 'itl_p95_ms', 'output_tokens_per_s_per_gpu']
  return all
    .filter(of => (gated.size > 0 ? gated.has(of.name) : usual.includes(of.name)))
    .filter(of => forestRows(comparison, of).length > 0)
}

/** A figure's changes, the largest first. */
export function forestRows(comparison: Comparison, of: Figure): readonly ForestRow[] {
  return comparison.points
    .flatMap(point =>
      point.changes
        .filter(item => item.figure === of && item.relative !== null)
        .map(item => ({
          ...percent(item),
          point: `${point.head.label} · ${point.head.workload.name} · ${shortLoad(point.head.load.level)}`,
          verdict: item.verdict,
        })),
    )
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change))
}

/** The chart of a figure's largest changes. */
export function forestChart(rows: readonly ForestRow[], theme: Theme, medium: Medium = 'file'): TopLevelSpec {
  return forestSpec(
    rows.slice(0, mostForestRows).toSorted((a, b) => b.change - a.change),
    theme,
    medium,
  )
}

function percent({ relative, ci95 }: FigureChange) {
  return {
    change: (relative ?? 0) * 100,
    low: ci95 === null ? null : ci95[0] * 100,
    high: ci95 === null ? null : ci95[1] * 100,
  }
}

/** The charts of a comparison as standalone files with a background, by name without extension. */
export function comparisonCharts(
  comparison: Comparison,
): readonly { readonly name: string; readonly spec: TopLevelSpec }[] {
  const onPaper = (spec: TopLevelSpec): TopLevelSpec => ({ ...spec, background: light.paper })
  const frontiers = comparison.frontiers.map((gain, index) => ({
    name: `frontier-${index + 1}-${slugOf(gain.workload)}`,
    spec: onPaper(frontierPairSpec(gain, light)),
  }))
  const forests = picturedFigures(comparison).map(of => ({
    name: `change-${of.name}`,
    spec: onPaper(forestChart(forestRows(comparison, of), light)),
  }))
  return [...frontiers, ...forests]
}
