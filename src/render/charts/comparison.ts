import type { TopLevelSpec } from 'vega-lite'
import type { FrontierGain } from '../../analysis/compare/frontier-gain.ts'
import type { Theme } from '../html/theme.ts'
import { vegaConfig } from '../html/theme.ts'

/** Base and head: grey and hollow, accent and filled, so that neither hue nor print decides. */
const runScales = (theme: Theme) => ({
  color: { domain: ['base', 'head'], range: [theme.muted, theme.accent] },
  shape: { domain: ['base', 'head'], range: ['circle', 'diamond'] },
})

/** Both frontiers of a workload's matched points. */
export function frontierPairSpec(gain: FrontierGain, theme: Theme): TopLevelSpec {
  const values = (['base', 'head'] as const).flatMap(run => gain[run].map(({ x, y }) => ({ run, x, y })))
  const { color, shape } = runScales(theme)
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: 'Output tokens/s per user →',
    scale: { zero: false, padding: 14 },
  }
  const y = { field: 'y', type: 'quantitative' as const, title: '↑ Output tokens/s per GPU' }
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
    ],
    config: { ...vegaConfig(theme), background: 'transparent' },
  }
}

/** One figure's change at one point, in percent. */
export interface ForestRow {
  readonly point: string
  readonly change: number
  readonly low: number | null
  readonly high: number | null
  readonly verdict: string
}

/** Changes with their 95% intervals around no change, one row a point in the order given. */
export function forestSpec(rows: readonly ForestRow[], theme: Theme): TopLevelSpec {
  const y = {
    field: 'point',
    type: 'nominal' as const,
    sort: null,
    title: null,
    axis: { labelLimit: 420, grid: false },
  }
  const scale = {
    domain: ['slower', 'faster', 'no difference shown'],
    range: [theme.series[1] ?? theme.ink, theme.series[2] ?? theme.ink, theme.muted],
  }
  const color = {
    field: 'verdict',
    type: 'nominal' as const,
    scale,
    legend: { title: null, orient: 'top' as const, labelLimit: 300 },
  }
  const shape = {
    field: 'verdict',
    type: 'nominal' as const,
    scale: { domain: scale.domain, range: ['triangle-down', 'triangle-up', 'circle'] },
  }
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 420,
    height: { step: 18 },
    data: { values: rows.map(row => ({ ...row })) },
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
          x: { field: 'change', type: 'quantitative', title: 'Change, %', axis: { format: '~g' } },
          y,
          color,
          shape,
        },
      },
    ],
    config: { ...vegaConfig(theme), background: 'transparent' },
  }
}
