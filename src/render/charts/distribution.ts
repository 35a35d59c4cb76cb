import type { TopLevelSpec } from 'vega-lite'
import { light, themeParams, vegaConfig } from '../html/theme.ts'
import { plainLabels } from './chart.ts'

/**
 * Distribution of a latency over the requests of a point: the share of requests at or below each value. The page fills
 * it when a point is selected.
 */
export function distributionSpec(): TopLevelSpec {
  const x = {
    field: 'ms',
    type: 'quantitative' as const,
    title: null,
    scale: { zero: false, nice: false, padding: 8 },
    axis: { tickCount: 4, labelExpr: plainLabels, labelOverlap: 'greedy' as const },
  }
  const y = {
    field: 'percent',
    type: 'quantitative' as const,
    title: null,
    axis: { values: [0, 50, 95], labelExpr: "datum.value + '%'" },
  }
  const tooltip = [
    { field: 'percent', title: '% of requests' },
    { field: 'ms', title: 'at or below, ms', format: ',.4~g' },
  ]
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 'container',
    height: 78,
    data: { name: 'quantiles' },
    params: themeParams(light),
    layer: [
      {
        mark: { type: 'line', color: { expr: 'accent' }, strokeWidth: 1.7, interpolate: 'monotone', tooltip: false },
        encoding: { x, y, order: { field: 'percent' } },
      },
      {
        mark: { type: 'point', filled: true, color: { expr: 'accent' }, size: 26, opacity: 1 },
        encoding: { x, y, tooltip },
      },
    ],
    config: vegaConfig(light),
  }
}
