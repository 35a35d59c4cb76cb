import type { TopLevelSpec } from 'vega-lite'
import type { History, Trend } from '../../analysis/history/history.ts'
import { largest, smallest } from '../../model/index.ts'
import type { Theme } from '../html/theme.ts'
import { vegaConfig } from '../html/theme.ts'
import { valueText } from '../views/format.ts'
import type { Medium } from './medium.ts'

/**
 * A figure over runs: a mark for each run, a line for the level between changes with the noise band of repeats, a rule
 * for each change. A page shows local time, tooltips, and rings around the two selected runs. A file shows UTC.
 */
export function historySpec(history: History, trend: Trend, theme: Theme, medium: Medium = 'file'): TopLevelSpec {
  const at = (run: number) => history.runs[run]?.createdAt ?? ''
  const factor = trend.band ?? 1
  const levels = trend.levels.map(({ from, to, mean }) => ({
    from: at(from),
    to: at(to),
    mean,
    low: mean / factor,
    high: mean * factor,
  }))
  const times = trend.values.map(({ run }) => Date.parse(at(run)))
  const spanDays = times.length === 0 ? 0 : (largest(times) - smallest(times)) / 86_400_000
  const x = {
    type: 'temporal' as const,
    title: null,
    axis: { tickCount: 5, labelAngle: 0, labelOverlap: true, format: spanDays > 3 ? '%b %-d' : '%b %-d %H:%M' },
    scale: { type: medium === 'page' ? ('time' as const) : ('utc' as const), padding: 10 },
  }
  const y = {
    type: 'quantitative' as const,
    title: trend.figure.unit === '' ? null : trend.figure.unit,
    scale: { zero: false, padding: 10 },
    axis: { tickCount: 4 },
  }
  const points = trend.values.map(({ run, mean, repeats }) => ({
    run,
    at: at(run),
    /** The time as text, because Vega converts the other field to a date. */
    id: at(run),
    mean,
    value: valueText(trend.figure, mean),
    repeats,
    revision: history.runs[run]?.revision ?? 'none',
    baseline: run === history.baseline,
  }))
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 440,
    height: 150,
    layer: [
      {
        data: { values: trend.band === null ? [] : levels },
        mark: { type: 'rect', color: theme.accent, opacity: 0.12 },
        encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' }, y: { ...y, field: 'low' }, y2: { field: 'high' } },
      },
      {
        data: { values: levels },
        mark: { type: 'rule', color: theme.accent, strokeWidth: 1.6 },
        encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' }, y: { ...y, field: 'mean' } },
      },
      {
        data: { values: trend.changes.map(({ run }) => ({ at: at(run) })) },
        mark: { type: 'rule', color: theme.ink, strokeDash: [3, 3], strokeWidth: 1.2 },
        encoding: { x: { ...x, field: 'at' } },
      },
      {
        data: { values: points },
        mark: { type: 'point', filled: true, opacity: 1, size: 42, color: theme.ink },
        encoding: {
          x: { ...x, field: 'at' },
          y: { ...y, field: 'mean' },
          shape: { condition: { test: 'datum.baseline', value: 'diamond' }, value: 'circle' },
          size: { condition: { test: 'datum.baseline', value: 130 }, value: 42 },
        },
      },
      ...(medium === 'page' ? [marksToPoint(points, x, y, trend, theme)] : []),
    ],
    ...(medium === 'page' ? { params: ['base', 'head'].map(name => ({ name, value: '' })) } : {}),
    config: { ...vegaConfig(theme), background: 'transparent' },
  }
}

type Layer = Extract<TopLevelSpec, { readonly layer: unknown }>['layer'][number]

/** Invisible targets larger than the marks, for touch. */
function marksToPoint(values: object[], x: object, y: object, trend: Trend, theme: Theme): Layer {
  const chosen = 'datum.id === base || datum.id === head'
  return {
    data: { values },
    mark: { type: 'point', filled: false, opacity: 1, size: 260, cursor: 'pointer', fill: 'transparent' },
    encoding: {
      x: { ...x, field: 'at' },
      y: { ...y, field: 'mean' },
      stroke: { condition: { test: chosen, value: theme.accent }, value: 'transparent' },
      strokeWidth: { value: 2.4 },
      tooltip: [
        { field: 'at', type: 'temporal', title: 'Run', format: '%Y-%m-%d %H:%M' },
        { field: 'value', title: trend.figure.title },
        { field: 'repeats', title: 'Valid repeats' },
        { field: 'revision', title: 'Revision' },
      ],
    },
  } as Layer
}
