import type { TopLevelSpec } from 'vega-lite'
import type { History, Trend } from '../../analysis/history/history.ts'
import type { Theme } from '../html/theme.ts'
import { vegaConfig } from '../html/theme.ts'

/**
 * A figure over runs: each run a mark, the level between changes as a line with the band of repeats' noise, changes as
 * rules.
 */
export function historySpec(history: History, trend: Trend, theme: Theme): TopLevelSpec {
  const at = (run: number) => history.runs[run]?.createdAt ?? ''
  const factor = trend.band ?? 1
  const levels = trend.levels.map(({ from, to, mean }) => ({
    from: at(from),
    to: at(to),
    mean,
    low: mean / factor,
    high: mean * factor,
  }))
  const x = {
    type: 'temporal' as const,
    title: null,
    axis: { tickCount: 5, labelAngle: 0, labelOverlap: true },
    scale: { type: 'utc' as const, padding: 10 },
  }
  const y = {
    type: 'quantitative' as const,
    title: trend.figure.unit === '' ? null : trend.figure.unit,
    scale: { zero: false, padding: 10 },
    axis: { tickCount: 4 },
  }
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
        data: {
          values: trend.values.map(({ run, mean }) => ({ at: at(run), mean, baseline: run === history.baseline })),
        },
        mark: { type: 'point', filled: true, opacity: 1, size: 42, color: theme.ink },
        encoding: {
          x: { ...x, field: 'at' },
          y: { ...y, field: 'mean' },
          shape: { condition: { test: 'datum.baseline', value: 'diamond' }, value: 'circle' },
          size: { condition: { test: 'datum.baseline', value: 130 }, value: 42 },
        },
      },
    ],
    config: { ...vegaConfig(theme), background: 'transparent' },
  }
}
