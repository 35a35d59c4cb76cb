import type { TopLevelSpec } from 'vega-lite'
import { frontierDataTable } from '../html/sections/tables.ts'
import { crossPath } from '../html/theme.ts'
import { counted } from '../views/format.ts'
import type { ChartInput, Layer, Target } from './chart.ts'
import {
  chart,
  colourBySeries,
  inFocus,
  selectedMark,
  shapeBySeries,
  tooltipOf,
  variantsIn,
  withHalo,
} from './chart.ts'
import { pointRows, type WorkloadChart } from './workload-chart.ts'

/** The first chart of the page, in which points are selected. */
export const frontierChart: WorkloadChart = {
  kind: 'frontier',
  title: 'Pareto frontier',
  about: ({ points }) => {
    const absent = points.filter(point => point.x === null || point.y === null).length
    const missing =
      absent > 0
        ? ` ${absent} of ${counted(points.length, 'point')} ${absent === 1 ? 'is' : 'are'} not on the chart (failed, or not streamed).`
        : ''
    const dashed = points.some(({ ofVariant }) => ofVariant) ? ' Dashed: the frontier of each variant.' : ''
    return `Each mark is a point. The staircase is the frontier: no measured point is better on both axes.${dashed} Thin lines follow a deployment from light to heavy load.${missing}`
  },
  size: 'wide',
  data: pointRows,
  panels: ({ target, input }) => [{ kind: 'frontier', spec: frontierSpec(input(frontierChart.title), target) }],
  table: {
    title: 'All points of the workload',
    of: (section, report, limit) => frontierDataTable(section, report, limit),
  },
}

/**
 * The frontier in its usual form: interactivity against throughput per GPU. The line is a staircase, because nothing
 * was measured between two points.
 */
export function frontierSpec(input: ChartInput, target: Target): TopLevelSpec {
  const colour = colourBySeries(input, target)
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: 'Output tokens/s per user →',
    scale: { zero: false, nice: true, padding: 16 },
  }
  const onPage = target === 'page'
  const y = {
    field: 'y',
    type: 'quantitative' as const,
    title: '↑ Output tokens/s per GPU',
    axis: { tickCount: 6 },
    // Zooming clips marks at the edge, so the domain leaves room for the highest one.
    ...(onPage ? { scale: { padding: 16, nice: false } } : {}),
  }
  const layers: Layer[] = [
    {
      transform: [{ filter: 'datum.onFrontier && isValid(datum.x)' }],
      mark: { type: 'area', interpolate: 'step-before', color: { expr: 'accent' }, opacity: 0.07, tooltip: false },
      encoding: { x, y },
    },
    {
      transform: [{ filter: "datum.status === 'ok' && isValid(datum.x) && isValid(datum.loadValue)" }],
      mark: { type: 'line', strokeWidth: 1, interpolate: 'linear', tooltip: false },
      encoding: {
        x,
        y,
        color: colour,
        detail: [{ field: 'workload' }, { field: 'loadKind' }],
        order: { field: 'loadValue' },
        opacity: {
          condition: { test: 'focus !== null && indexof(focus, datum.deployment) >= 0', value: 0.9 },
          value: 0.22,
        },
      },
    },
    {
      transform: [{ filter: 'datum.onFrontier && isValid(datum.x)' }],
      mark: {
        type: 'line',
        interpolate: 'step-before',
        strokeWidth: 1.6,
        color: { expr: 'ink' },
        opacity: 0.75,
        tooltip: false,
      },
      encoding: { x, y, order: { field: 'x' } },
    },
    ...variantFrontiers(input, x, y),
    ...intervals(x, y, colour),
    {
      name: 'points',
      ...(onPage ? { params: [zoomParam] } : {}),
      transform: [{ filter: "datum.status === 'ok' && isValid(datum.x) && isValid(datum.y)" }],
      mark: { type: 'point', filled: true, strokeWidth: 1.6, cursor: 'pointer' },
      encoding: {
        x,
        y,
        color: colour,
        stroke: colour,
        shape: shapeBySeries(input, target),
        size: { condition: { test: 'datum.onFrontier', value: 95 }, value: 48 },
        fillOpacity: { condition: { test: "datum.slo !== 'no'", value: 1 }, value: 0 },
        opacity: {
          condition: [
            { test: `!(${inFocus})`, value: 0.08 },
            { test: 'datum.onFrontier', value: 1 },
          ],
          value: 0.5,
        },
        tooltip: tooltipOf(input),
      },
    },
    {
      name: 'invalid',
      transform: [{ filter: "datum.status !== 'ok' && isValid(datum.x) && isValid(datum.y)" }],
      mark: {
        type: 'point',
        shape: crossPath,
        size: 110,
        strokeWidth: 1.8,
        stroke: { expr: 'muted' },
        cursor: 'pointer',
      },
      encoding: { x, y, opacity: { condition: { test: inFocus, value: 0.9 }, value: 0.08 }, tooltip: tooltipOf(input) },
    },
    {
      transform: [{ filter: 'datum.recommended' }],
      mark: { type: 'point', filled: false, size: 330, strokeWidth: 1.8, stroke: { expr: 'ink' }, tooltip: false },
      encoding: { x, y },
    },
    {
      transform: [{ filter: 'datum.recommended' }],
      mark: {
        type: 'text',
        align: 'left',
        dx: 13,
        dy: -11,
        fontSize: 12.5,
        fontWeight: 600,
        fill: { expr: 'ink' },
        stroke: { expr: 'paper' },
        strokeWidth: 0.01,
        tooltip: false,
      },
      encoding: { x, y, text: { field: 'deployment' } },
    },
  ]
  return chart(input, target, 420, [...layers, ...selectedMark(x, y, target)])
}

/** Dragging and Ctrl with the wheel change both axes. The page's buttons set the same signals. */
const zoomParam = {
  name: 'zoom',
  select: { type: 'interval' as const, zoom: 'wheel![event.ctrlKey || event.metaKey]', clear: 'dblclick' },
  bind: 'scales' as const,
}

interface Axis {
  readonly field: string
  readonly type: 'quantitative'
  readonly title: string
}

/**
 * The frontier of each variant alone, dashed and labeled at its right end; only that of the selected variant if there
 * is one.
 */
function variantFrontiers(input: ChartInput, x: Axis, y: Axis): Layer[] {
  const variants = variantsIn(input)
  if (variants.length === 0) return []
  const shown = { filter: 'datum.ofVariant === true && (variant === null || datum.variant === variant)' }
  const dashes = [
    [7, 3],
    [2, 3],
    [10, 3, 2, 3],
    [4, 2],
  ]
  const strokeDash = {
    field: 'variant',
    type: 'nominal' as const,
    scale: { domain: [...variants], range: variants.map((_, index) => dashes[index % dashes.length] ?? []) },
    legend: null,
  }
  const last = [
    shown,
    { joinaggregate: [{ op: 'max' as const, field: 'x', as: 'lastX' }], groupby: ['variant'] },
    { filter: 'datum.x === datum.lastX' },
  ]
  const name = {
    type: 'text',
    align: 'right',
    dx: -9,
    dy: 13,
    fontSize: 11.5,
    color: { expr: 'muted' },
    tooltip: false,
  }
  return [
    {
      transform: [shown],
      mark: {
        type: 'line',
        interpolate: 'step-before',
        strokeWidth: 1.4,
        color: { expr: 'ink' },
        opacity: 0.6,
        tooltip: false,
      },
      encoding: { x, y, strokeDash, order: { field: 'x' } },
    },
    ...withHalo(name, { x, y, text: { field: 'variant' } }, { transform: last }),
  ]
}

/** Whiskers: the 95% confidence interval of the mean over repeats, if there are any. */
function intervals(x: Axis, y: Axis, color: ReturnType<typeof colourBySeries>): Layer[] {
  const opacity = { condition: { test: `(${inFocus}) && datum.onFrontier`, value: 0.7 }, value: 0.12 }
  const mark = { type: 'rule' as const, strokeWidth: 1.4, tooltip: false }
  return [
    {
      transform: [{ filter: "datum.status === 'ok' && isValid(datum.xLow)" }],
      mark,
      encoding: { x: { ...x, field: 'xLow' }, x2: { field: 'xHigh' }, y, color, opacity },
    },
    {
      transform: [{ filter: "datum.status === 'ok' && isValid(datum.yLow)" }],
      mark,
      encoding: { x, y: { ...y, field: 'yLow' }, y2: { field: 'yHigh' }, color, opacity },
    },
  ]
}
