import type { TopLevelSpec } from 'vega-lite'
import { light, themeParams, vegaConfig } from '../html/theme.ts'
import { type Layer, plainLabels, withHalo } from './chart.ts'

/**
 * A server metric over the time of a point, one line per source. Horizontal rules show the values that the client
 * measured. The page fills it when a point is selected.
 */
export function timeSeriesSpec(): TopLevelSpec {
  const x = {
    field: 's',
    type: 'quantitative' as const,
    title: null,
    scale: { zero: true, nice: false, padding: 4 },
    axis: { tickCount: 4, labelExpr: "format(datum.value, '~g') + ' s'", labelOverlap: 'greedy' as const, grid: false },
  }
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    title: null,
    scale: { zero: true, nice: true },
    axis: { tickCount: 3, labelExpr: plainLabels },
  }
  const name = {
    field: 'name',
    type: 'nominal' as const,
    scale: { domain: { expr: 'sources' } },
    legend: {
      values: { expr: 'present' },
      title: null,
      orient: 'bottom' as const,
      columns: 2,
      labelLimit: 130,
      symbolSize: 160,
      offset: 4,
    },
  }
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 'container',
    height: 92,
    // A source has the same color in all charts of a point. A legend lists only the sources in the chart.
    params: [...themeParams(light), { name: 'sources', value: [] }, { name: 'present', value: [] }],
    layer: [
      {
        data: { name: 'levels' },
        mark: { type: 'rule', color: { expr: 'ink' }, strokeDash: [2, 3], strokeWidth: 1.4, tooltip: false },
        encoding: { y },
      },
      {
        data: { name: 'samples' },
        mark: { type: 'line', strokeWidth: 1.7, tooltip: false },
        encoding: { x, y, color: name, strokeDash: name },
      },
      {
        data: { name: 'samples' },
        mark: { type: 'point', filled: true, size: 34, opacity: 0 },
        encoding: {
          x,
          y,
          tooltip: [
            { field: 'name', title: 'Source' },
            { field: 's', title: 'After, s', format: ',.3~g' },
            { field: 'value', title: 'Value', format: ',.4~g' },
          ],
        },
      },
      ...levelName("datum.name === 'client p95'", { align: 'left', baseline: 'bottom', x: 0, dx: 3, dy: -2 }),
      ...levelName("datum.name !== 'client p95'", { align: 'right', baseline: 'top', x: 'width', dx: -3, dy: 3 }),
    ],
    config: vegaConfig(light),
  }
}

/** Label at one end of a rule, so that the labels of two close rules don't overlap. */
function levelName(
  filter: string,
  place: { align: 'left' | 'right'; baseline: 'top' | 'bottom'; x: number | 'width'; dx: number; dy: number },
): Layer[] {
  return withHalo(
    { type: 'text' as const, ...place, fontSize: 10.5, color: { expr: 'ink' }, tooltip: false },
    { y: { field: 'value', type: 'quantitative' }, text: { field: 'name' } },
    { data: { name: 'levels' }, transform: [{ filter }] },
  )
}
