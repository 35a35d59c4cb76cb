import type { TopLevelSpec } from 'vega-lite'
import { ratioDataTable } from '../html/sections/tables.ts'
import type { RatioPoint } from '../views/ratio-point.ts'
import { sectionHasSlo } from '../views/report.ts'
import type { ChartInput, Target } from './chart.ts'
import { chart, colourBySeries, inFocus, selectedMark, shapeBySeries, withHalo } from './chart.ts'
import type { ChartData, WorkloadChart } from './workload-chart.ts'

/** Each deployment at its best load. */
export const ratioRows: ChartData = { name: 'ratios', rows: section => section.ratios }

/** Contents of a row's tooltip. */
export const ratioTooltip = [
  { field: 'deployment', title: 'Deployment' },
  { field: 'gpus', title: 'GPUs' },
  { field: 'y', title: 'Tokens/s per GPU', format: ',.4~g' },
  { field: 'load', title: 'At' },
  { field: 'slo', title: 'Meets SLO' },
]

/** Throughput per GPU against the prefill:decode ratio. */
export const ratioChart: WorkloadChart = {
  kind: 'ratio',
  title: 'Throughput per GPU against the prefill:decode ratio',
  about: section =>
    `Each deployment at its best load${sectionHasSlo(section) ? ' that meets the SLO' : ''}; all its GPUs count.`,
  size: 'half',
  data: ratioRows,
  panels: ({ section: { ratios }, target, input }) =>
    ratios.every(({ ratio }) => ratio === null)
      ? []
      : [{ kind: 'ratio', spec: ratioSpec(input(ratioChart.title), ratios, target) }],
  table: { title: 'Best load of each deployment', of: (section, _, limit) => ratioDataTable(section, limit) },
}

/** Best throughput per GPU against the prefill:decode ratio of GPUs. A line shows the best aggregated deployment. */
function ratioSpec(input: ChartInput, points: readonly RatioPoint[], target: Target): TopLevelSpec {
  const y = {
    field: 'y',
    type: 'quantitative' as const,
    title: '↑ Best output tokens/s per GPU',
    axis: { tickCount: 6 },
  }
  const x = {
    field: 'ratio',
    type: 'quantitative' as const,
    title: 'Prefill : decode GPUs →',
    scale: { type: 'log' as const, base: 2, nice: false, padding: 24 },
    axis: {
      labelOverlap: 'greedy' as const,
      values: [...new Set(points.flatMap(point => point.ratio ?? []))].sort((a, b) => a - b),
      labelExpr: "datum.value >= 1 ? format(datum.value, '.2~f') + ':1' : '1:' + format(1 / datum.value, '.2~f')",
    },
  }
  return chart({ ...input, rows: { name: ratioRows.name, values: points } }, target, 320, [
    {
      transform: [{ filter: "datum.kind === 'aggregated' && datum.bestOfRatio" }],
      mark: { type: 'rule', strokeDash: [5, 4], strokeWidth: 1.4, color: { expr: 'muted' }, tooltip: false },
      encoding: { y },
    },
    {
      transform: [
        { filter: "datum.kind === 'aggregated' && datum.bestOfRatio" },
        { calculate: "'best aggregated: ' + datum.deployment", as: 'text' },
      ],
      mark: {
        type: 'text',
        align: 'left',
        baseline: 'bottom',
        x: 0,
        dx: 4,
        dy: -4,
        fontSize: 11.5,
        color: { expr: 'muted' },
        tooltip: false,
      },
      encoding: { y, text: { field: 'text' } },
    },
    {
      transform: [{ filter: "datum.kind === 'disaggregated' && datum.bestOfRatio" }],
      mark: { type: 'line', strokeWidth: 1.6, color: { expr: 'ink' }, opacity: 0.55, tooltip: false },
      encoding: { x, y, order: { field: 'ratio' } },
    },
    {
      name: 'points',
      transform: [{ filter: "datum.kind === 'disaggregated'" }],
      mark: { type: 'point', filled: true, strokeWidth: 1.6, cursor: 'pointer' },
      encoding: {
        x,
        y,
        color: colourBySeries(input, target),
        stroke: colourBySeries(input, target),
        shape: shapeBySeries(input, target),
        size: { condition: { test: 'datum.bestOfRatio', value: 110 }, value: 55 },
        fillOpacity: { condition: { test: "datum.slo !== 'no'", value: 1 }, value: 0 },
        opacity: { condition: { test: inFocus, value: 1 }, value: 0.1 },
        tooltip: ratioTooltip,
      },
    },
    ...selectedMark(x, y, target),
    ...withHalo(
      { type: 'text' as const, dy: -15, fontSize: 12, color: { expr: 'ink' }, tooltip: false },
      { x, y, text: { field: 'topology' } },
      { transform: [{ filter: "datum.kind === 'disaggregated' && datum.bestOfRatio" }] },
    ),
  ])
}
