import type { TopLevelSpec } from 'vega-lite'
import { light, themeParams, vegaConfig } from '../html/theme.ts'
import type { ChartPoint } from '../views/chart-point.ts'

/** Input of every chart. */
export interface ChartInput {
  /** The points of one workload (or of all, for the overall frontier). */
  readonly points: readonly ChartPoint[]
  /** Rows other than the points, with the name that the page uses for them. */
  readonly rows?: { readonly name: string; readonly values: readonly object[] }
  /** Series names in a fixed order, so that a deployment has the same color in every chart of a report. */
  readonly series: readonly string[]
  /** Workloads in a fixed order, if shape stands for the workload; absent if shape repeats the color. */
  readonly shapes?: readonly string[]
  readonly title: string
  readonly subtitle: string
}

/** A layer of a layered specification. */
export type Layer = Extract<TopLevelSpec, { layer: unknown }>['layer'][number]

/**
 * `file`: title, legend and data are in the specification, for *.vl.json and SVG. `page`: the page's script adds the
 * data and draws title and legend in HTML, where they can wrap and get keyboard focus.
 */
export type Target = 'file' | 'page'

/** The common parts of a chart: data, size, theme, and the parameter that dims series out of focus. */
export function chart(input: ChartInput, target: Target, height: number, layer: Layer[]): TopLevelSpec {
  const onPage = target === 'page'
  const { name, values } = input.rows ?? { name: 'points', values: input.points }
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    ...(onPage ? {} : { title: { text: input.title, subtitle: input.subtitle } }),
    width: onPage ? 'container' : 640,
    height,
    data: onPage ? { name } : { name, values: values.map(row => ({ ...row })) },
    params: [
      ...themeParams(light),
      { name: 'focus', value: null },
      ...(variantsIn(input).length > 0 ? [{ name: 'variant', value: null }] : []),
      ...(onPage ? [{ name: 'selected', value: '' }] : []),
    ],
    layer,
    config: vegaConfig(light),
  }
}

/** The variants that a chart distinguishes; none if it covers several workloads. */
export function variantsIn({ points, shapes }: ChartInput): readonly string[] {
  if (shapes !== undefined) return []
  const names = new Set(points.flatMap(({ variant }) => variant ?? []))
  return names.size < 2 ? [] : [...names]
}

/** Text over lines, with a halo in the background color so that lines don't cross it. */
export function withHalo<M extends object>(mark: M, encoding: object, more: object = {}): Layer[] {
  const halo = { ...mark, color: { expr: 'paper' }, stroke: { expr: 'paper' }, strokeWidth: 4, strokeJoin: 'round' }
  return [
    { ...more, mark: halo, encoding },
    { ...more, mark, encoding },
  ] as Layer[]
}

/** A ring around the selected point of a page. A file has none. */
export function selectedMark(x: object, y: object, target: Target): Layer[] {
  if (target === 'file') return []
  const mark = { type: 'point', filled: false, size: 620, strokeWidth: 3, stroke: { expr: 'accent' }, tooltip: false }
  const transform = [{ filter: 'datum.key === selected && isValid(datum.x) && isValid(datum.y)' }]
  return [{ name: 'selected', transform, mark, encoding: { x, y } } as Layer]
}

/** Labels of an axis: `0.4`, `250`, `1.5k`. Vega's `~s` alone writes 0.4 as `400m`. */
export const plainLabels = "format(datum.value, abs(datum.value) < 1000 ? '~r' : '~s')"

/** Opacity of a series: full if it is in focus or nothing is, faint otherwise. */
export const inFocus = 'focus === null || indexof(focus, datum.deployment) >= 0'

/** Color by series, with a legend unless the page draws its own. */
export function colourBySeries(input: ChartInput, target: Target) {
  return {
    field: 'deployment',
    type: 'nominal' as const,
    scale: { domain: [...input.series], range: 'category' as const },
    legend: target === 'page' ? null : { title: 'Deployment', symbolLimit: 56 },
  }
}

/** Shape by series, merged with the color legend; by workload if the chart has several. */
export function shapeBySeries(input: ChartInput, target: Target) {
  if (input.shapes !== undefined)
    return {
      field: 'workload',
      type: 'nominal' as const,
      scale: { domain: [...input.shapes], range: 'symbol' as const },
      legend: target === 'page' ? null : { title: 'Workload', symbolLimit: 56 },
    }
  return { ...colourBySeries(input, target), scale: { domain: [...input.series], range: 'symbol' as const } }
}

/** Contents of a point's tooltip. */
export const pointTooltip = [
  { field: 'deployment', title: 'Deployment' },
  { field: 'load', title: 'Load' },
  { field: 'gpus', title: 'GPUs' },
  { field: 'x', title: 'Tokens/s per user', format: ',.4~g' },
  { field: 'y', title: 'Tokens/s per GPU', format: ',.4~g' },
  { field: 'ttftP95', title: 'TTFT p95, ms', format: ',.4~g' },
  { field: 'itlP95', title: 'ITL p95, ms', format: ',.4~g' },
  { field: 'slo', title: 'Meets SLO' },
  { field: 'validRepeats', title: 'Valid repeats' },
  { field: 'standing', title: 'Standing' },
]

/** The tooltip of a chart. It names the workload if the chart has several. */
export function tooltipOf(input: ChartInput) {
  return input.shapes === undefined ? pointTooltip : [{ field: 'workload', title: 'Workload' }, ...pointTooltip]
}
