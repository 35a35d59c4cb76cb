import type { TopLevelSpec } from 'vega-lite'
import type { FrontierGain } from '../../analysis/compare/frontier-gain.ts'
import type { Theme } from '../html/theme.ts'
import { vegaConfig } from '../html/theme.ts'
import { changeText } from '../views/comparison-words.ts'
import type { Medium } from './medium.ts'

/** Base is gray and hollow, head is accented and filled, so that they also differ in print and without color vision. */
const runScales = (theme: Theme) => ({
  color: { domain: ['base', 'head'], range: [theme.muted, theme.accent] },
  shape: { domain: ['base', 'head'], range: ['circle', 'diamond'] },
})

/** Both frontiers of the matched points of a workload. */
export function frontierPairSpec(gain: FrontierGain, theme: Theme, medium: Medium = 'file'): TopLevelSpec {
  const values = (['base', 'head'] as const).flatMap(run => gain[run].map(({ x, y }) => ({ run, x, y })))
  const { color, shape } = runScales(theme)
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: 'Output tokens/s per user →',
    scale: { zero: false, padding: 14 },
  }
  const y = {
    field: 'y',
    type: 'quantitative' as const,
    title: '↑ Output tokens/s per GPU',
    scale: { padding: 14, nice: false },
  }
  const colour = {
    field: 'run',
    type: 'nominal' as const,
    scale: color,
    legend: { title: null, orient: 'top' as const },
  }
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 520,
    height: 300,
    data: { values },
    layer: [
      { mark: { type: 'line', interpolate: 'step-before', strokeWidth: 1.6 }, encoding: { x, y, color: colour } },
      {
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: { x, y, color: colour, shape: { field: 'run', type: 'nominal', scale: shape } },
      },
      ...(medium === 'page' ? [frontierMarks(x, y)] : []),
    ],
    config: { ...vegaConfig(theme), background: 'transparent' },
  }
}

type Layer = Extract<TopLevelSpec, { readonly layer: unknown }>['layer'][number]

/** Invisible targets larger than the marks, for touch. Ctrl with the wheel zooms, and dragging pans, both axes. */
function frontierMarks(x: object, y: object): Layer {
  return {
    params: [
      {
        name: 'zoom',
        select: { type: 'interval', zoom: 'wheel![event.ctrlKey || event.metaKey]', clear: 'dblclick' },
        bind: 'scales',
      },
    ],
    mark: { type: 'point', filled: true, size: 260, opacity: 0 },
    encoding: {
      x,
      y,
      tooltip: [
        { field: 'run', type: 'nominal', title: 'Run' },
        { field: 'x', type: 'quantitative', title: 'Output tokens/s per user', format: ',.4r' },
        { field: 'y', type: 'quantitative', title: 'Output tokens/s per GPU', format: ',.4r' },
      ],
    },
  } as Layer
}

/** One figure's change at one point, in percent. */
export interface ForestRow {
  readonly point: string
  readonly change: number
  readonly low: number | null
  readonly high: number | null
  readonly verdict: string
}

/** Changes with their 95% intervals, one row per point in the given order. */
export function forestSpec(rows: readonly ForestRow[], theme: Theme, medium: Medium = 'file'): TopLevelSpec {
  const y = {
    field: 'point',
    type: 'nominal' as const,
    sort: null,
    title: null,
    // In a page, names are shortened to leave room for the chart on a phone; the tooltip has the full name.
    axis: {
      labelLimit: medium === 'page' ? { expr: 'max(158, min(420, containerSize()[0] * 0.42))' } : 420,
      grid: false,
    },
  }
  const scale = {
    domain: ['slower', 'faster', 'no difference shown'],
    range: [theme.series[1] ?? theme.ink, theme.series[2] ?? theme.ink, theme.muted],
  }
  const color = {
    field: 'verdict',
    type: 'nominal' as const,
    scale,
    legend: {
      title: null,
      orient: 'top' as const,
      labelLimit: 300,
      ...(medium === 'page' ? { columns: { expr: 'containerSize()[0] < 420 ? 1 : 3' } } : {}),
    },
  }
  const shape = {
    field: 'verdict',
    type: 'nominal' as const,
    scale: { domain: scale.domain, range: ['triangle-down', 'triangle-up', 'circle'] },
  }
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 420,
    height: medium === 'page' ? 18 * Math.max(1, rows.length) : { step: 18 },
    data: {
      values: rows.map(row => ({
        ...row,
        said: changeText({
          relative: row.change / 100,
          ci95: row.low === null || row.high === null ? null : [row.low / 100, row.high / 100],
        }),
      })),
    },
    layer: [
      { mark: { type: 'rule', color: theme.ink, strokeWidth: 1 }, encoding: { x: { datum: 0 } } },
      {
        transform: [{ filter: 'isValid(datum.low)' }],
        mark: { type: 'rule', strokeWidth: 1.6 },
        encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' }, y, color },
      },
      {
        mark: { type: 'point', filled: true, size: 60, opacity: 1 },
        encoding: {
          x: { field: 'change', type: 'quantitative', title: 'Change, %', axis: { format: ',~f' } },
          y,
          color,
          shape,
          ...(medium === 'page'
            ? {
                tooltip: [
                  { field: 'point', type: 'nominal' as const, title: 'Point' },
                  { field: 'said', type: 'nominal' as const, title: 'Change (95%)' },
                  { field: 'verdict', type: 'nominal' as const, title: 'Verdict' },
                ],
              }
            : {}),
        },
      },
    ],
    config: { ...vegaConfig(theme), background: 'transparent' },
  }
}
