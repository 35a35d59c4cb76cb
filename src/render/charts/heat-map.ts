import type { TopLevelSpec } from 'vega-lite'
import { heatMapTable } from '../html/sections/tables.ts'
import type { RatioPoint } from '../views/ratio-point.ts'
import { spansPlane } from '../views/ratio-point.ts'
import type { ChartInput, Target } from './chart.ts'
import { chart, inFocus } from './chart.ts'
import { ratioRows, ratioTooltip } from './ratio.ts'
import type { WorkloadChart } from './workload-chart.ts'

/** Best throughput per GPU for each number of prefill and decode workers. */
export const heatMapChart: WorkloadChart = {
  kind: 'heat-map',
  title: 'Throughput per GPU over prefill × decode',
  about: () => 'Output tokens/s per GPU at the best load; the stronger the color, the more.',
  size: 'half',
  data: ratioRows,
  panels: ({ section: { ratios }, target, input }) =>
    spansPlane(ratios) ? [{ kind: 'heat-map', spec: heatMapSpec(input(heatMapChart.title), ratios, target) }] : [],
  table: { title: 'Tokens/s per GPU', of: heatMapTable },
}

/** Heat map of the best throughput per GPU over prefill × decode workers. Cells that miss the SLO are marked. */
function heatMapSpec(input: ChartInput, points: readonly RatioPoint[], target: Target): TopLevelSpec {
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
  const spec = chart({ ...input, rows: { name: ratioRows.name, values: points } }, target, 320, [
    {
      name: 'cells',
      transform: cells,
      mark: { type: 'rect', cornerRadius: 3, cursor: 'pointer', stroke: { expr: 'paper' }, strokeWidth: 3 },
      encoding: {
        x,
        y,
        color: { field: 'share', type: 'quantitative', scale: { domain: [0, 1], range: 'ramp' }, legend: null },
        opacity: { condition: { test: inFocus, value: 1 }, value: 0.25 },
        tooltip: ratioTooltip,
      },
    },
    text(-7, 15, { text: { field: 'y', format: ',.3~r' } }),
    text(11, 11, { text: { field: 'note' } }),
  ])
  return {
    ...spec,
    transform: [{ calculate: "datum.slo === 'no' ? 'over SLO' : datum.shortLoad", as: 'note' }],
  }
}
