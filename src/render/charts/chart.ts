import type { TopLevelSpec } from 'vega-lite'
import { light, themeParams, vegaConfig } from '../html/theme.ts'
import type { ChartPoint } from '../views/chart-point.ts'

/** What every chart is built from. */
export interface ChartInput {
  /** The points of one workload (or of all, for the overall frontier). */
  readonly points: readonly ChartPoint[]
  /** Other rows than the points, and the name that the page knows them by. */
  readonly rows?: { readonly name: string; readonly values: readonly object[] }
  /** Series names in a fixed order, so that a deployment has one colour in every chart of a report. */
  readonly series: readonly string[]
  /** Workloads in a fixed order, where shape tells the workload; absent where shape repeats what colour says. */
  readonly shapes?: readonly string[]
  readonly title: string
  readonly subtitle: string
}

/** A layer of a layered specification. */
export type Layer = Extract<TopLevelSpec, { layer: unknown }>['layer'][number]

/**
 * `file`: title, legend and data inside, for *.vl.json and SVG. `page`: filled by the page's script, which draws title
 * and legend in HTML (they wrap, and a keyboard reaches them).
 */
export type Target = 'file' | 'page'

/** The frame around layers: data, size, theme, and the parameter that dims what is not in focus. */
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

/** The variants that a chart tells apart: none in one over several workloads. */
export function variantsIn({ points, shapes }: ChartInput): readonly string[] {
  if (shapes !== undefined) return []
  const names = new Set(points.flatMap(({ variant }) => variant ?? []))
  return names.size < 2 ? [] : [...names]
}

/** A text mark over lines, and a halo in the colour of the paper behind it, so that a line never crosses the text. */
export function withHalo<M extends object>(mark: M, encoding: object, more: object = {}): Layer[] {
  const halo = { ...mark, color: { expr: 'paper' }, stroke: { expr: 'paper' }, strokeWidth: 4, strokeJoin: 'round' }
  return [
    { ...more, mark: halo, encoding },
    { ...more, mark, encoding },
  ] as Layer[]
}

/** A ring around the point whose details the page shows; a file has no such point. */
export function selectedMark(x: object, y: object, target: Target): Layer[] {
  if (target === 'file') return []
  const mark = { type: 'point', filled: false, size: 620, strokeWidth: 3, stroke: { expr: 'accent' }, tooltip: false }
  const transform = [{ filter: 'datum.key === selected && isValid(datum.x) && isValid(datum.y)' }]
  return [{ name: 'selected', transform, mark, encoding: { x, y } } as Layer]
}

/** Opacity of a series: full in focus (or when nothing is), faint otherwise. */
export const inFocus = 'focus === null || indexof(focus, datum.deployment) >= 0'

/** Colour by series; the legend only where the page does not draw its own. */
export function colourBySeries(input: ChartInput, target: Target) {
  return {
    field: 'deployment',
    type: 'nominal' as const,
    scale: { domain: [...input.series], range: 'category' as const },
    legend: target === 'page' ? null : { title: 'Deployment', symbolLimit: 56 },
  }
}

/** Shape by series, merged with the colour's legend; by workload where several are in one chart. */
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

/** What a point says of itself on hover. */
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

/** The tooltip of a chart, with the workload where that isn't the same for all its points. */
export function tooltipOf(input: ChartInput) {
  return input.shapes === undefined ? pointTooltip : [{ field: 'workload', title: 'Workload' }, ...pointTooltip]
}
