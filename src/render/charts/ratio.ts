import type { TopLevelSpec } from 'vega-lite'
import type { RatioPoint } from '../views/ratio-point.ts'
import type { ChartInput, Target } from './chart.ts'
import { chart, colourBySeries, inFocus, shapeBySeries } from './chart.ts'

const tooltip = [
  { field: 'deployment', title: 'Deployment' },
  { field: 'gpus', title: 'GPUs' },
  { field: 'y', title: 'Tokens/s per GPU', format: ',.4~g' },
  { field: 'load', title: 'At' },
  { field: 'slo', title: 'Meets SLO' },
]

/** Replaces the chart's points by ratio points. */
function withRatioData(spec: TopLevelSpec, points: readonly RatioPoint[], target: Target): TopLevelSpec {
  return {
    ...spec,
    data: target === 'page' ? { name: 'ratios' } : { name: 'ratios', values: points.map(p => ({ ...p })) },
  }
}

/** Best throughput per GPU against the prefill:decode ratio of GPUs; the best aggregated deployment is the line to beat. */
export function ratioSpec(input: ChartInput, points: readonly RatioPoint[], target: Target): TopLevelSpec {
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
  const spec = chart(input, target, 320, [
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
        tooltip,
      },
    },
    {
      transform: [{ filter: "datum.kind === 'disaggregated' && datum.bestOfRatio" }],
      mark: { type: 'text', dy: -15, fontSize: 12, color: { expr: 'ink' }, tooltip: false },
      encoding: { x, y, text: { field: 'topology' } },
    },
  ])
  return withRatioData(spec, points, target)
}

/** Best throughput per GPU over prefill × decode workers; a cell that misses the SLO says so. */
export function heatMapSpec(input: ChartInput, points: readonly RatioPoint[], target: Target): TopLevelSpec {
  const x = {
    field: 'decode',
    type: 'ordinal' as const,
    title: 'Decode workers →',
    axis: { labelAngle: 0, grid: false },
  }
  const y = {
    field: 'prefill',
    type: 'ordinal' as const,
    title: '↑ Prefill workers',
    sort: 'descending' as const,
    axis: { grid: false },
  }
  const cells = [{ filter: "datum.kind === 'disaggregated' && datum.bestOfCell" }]
  const text = (dy: number, fontSize: number, of: object) => ({
    transform: cells,
    mark: { type: 'text' as const, dy, fontSize, tooltip: false },
    encoding: {
      x,
      y,
      ...of,
      color: { condition: { test: 'datum.share > 0.55', value: { expr: 'paper' } }, value: { expr: 'ink' } },
    },
  })
  const spec = chart(input, target, 320, [
    {
      name: 'cells',
      transform: cells,
      mark: { type: 'rect', cornerRadius: 3, cursor: 'pointer', stroke: { expr: 'paper' }, strokeWidth: 3 },
      encoding: {
        x,
        y,
        color: { field: 'share', type: 'quantitative', scale: { domain: [0, 1], range: 'ramp' }, legend: null },
        opacity: { condition: { test: inFocus, value: 1 }, value: 0.25 },
        tooltip,
      },
    },
    text(-7, 15, { text: { field: 'y', format: ',.3~r' } }),
    text(11, 11, { text: { field: 'note' } }),
  ])
  return withRatioData(
    { ...spec, transform: [{ calculate: "datum.slo === 'no' ? 'over SLO' : datum.shortLoad", as: 'note' }] },
    points,
    target,
  )
}
