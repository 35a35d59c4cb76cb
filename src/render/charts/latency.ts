import type { TopLevelSpec } from 'vega-lite'
import { latencyDataTable } from '../html/sections/tables.ts'
import { crossPath } from '../html/theme.ts'
import type { ChartInput, Target } from './chart.ts'
import { chart, colourBySeries, inFocus, plainLabels, pointTooltip, selectedMark, shapeBySeries } from './chart.ts'
import { pointRows, type WorkloadChart } from './workload-chart.ts'

/** TTFT and ITL side by side against one kind of load, and TTFO if answers contain reasoning. */
export function latencyChart(loadKind: 'concurrency' | 'rate'): WorkloadChart {
  const against = loadKind === 'concurrency' ? 'concurrency' : 'request rate'
  return {
    kind: `latency-${loadKind}`,
    title: `Latency against ${against}`,
    about: () => 'Large marks are knees: beyond them latency grows faster than throughput.',
    size: 'wide',
    data: pointRows,
    percentiles: true,
    panels: ({ section, target, input }) => {
      if (!section.points.some(point => point.loadKind === loadKind)) return []
      const slo = section.analysis.points[0]?.slo
      const shown: readonly (readonly [LatencyPanel['metric'], string, number | undefined])[] = [
        ['ttft', 'Time to first token', slo?.ttftP95Ms],
        ...(section.points.some(({ ttfoP95 }) => ttfoP95 !== undefined)
          ? [['ttfo', 'Time to first token of the answer', slo?.ttfoP95Ms] as const]
          : []),
        ['itl', 'Inter-token latency', slo?.itlP95Ms],
      ]
      return shown.map(([metric, heading, sloMs = null]) => ({
        kind: `${metric}-${loadKind}`,
        heading,
        spec: latencySpec(input(`${metric.toUpperCase()} p95 against ${against}`), target, { metric, loadKind, sloMs }),
      }))
    },
    table: { title: 'Latency by load', of: (section, _, limit) => latencyDataTable(section, loadKind, limit) },
  }
}

interface LatencyPanel {
  readonly metric: 'ttft' | 'ttfo' | 'itl'
  readonly loadKind: 'concurrency' | 'rate'
  /** SLO limit, drawn as a line in the p95 view; null without one. */
  readonly sloMs: number | null
}

/** 1, 2 and 5 of every decade from 1 ms to 1000 s. A logarithmic axis with all minor lines would have too many. */
const decades = [1, 10, 100, 1e3, 1e4, 1e5].flatMap(decade => [decade, 2 * decade, 5 * decade])

/**
 * TTFT, TTFO or ITL against logarithmic load. TTFT and TTFO also have a logarithmic scale, because queues make them
 * grow by multiples. `percentile` switches among p50, p95 and p99.
 */
function latencySpec(input: ChartInput, target: Target, of: LatencyPanel): TopLevelSpec {
  const name = of.metric.toUpperCase()
  const x = {
    field: 'loadValue',
    type: 'quantitative' as const,
    title: of.loadKind === 'concurrency' ? 'Concurrency →' : 'Requests/s →',
    scale: { type: 'log' as const, base: 2, nice: false, padding: 14 },
    axis: { labelOverlap: true, values: loadsOf(input, of.loadKind), format: '~g' },
  }
  const y = {
    field: 'latencyMs',
    type: 'quantitative' as const,
    title: `↑ ${name}, ms`,
    ...(of.metric !== 'itl'
      ? {
          scale: { type: 'log' as const, nice: true },
          axis: { labelExpr: plainLabels, values: decades, labelOverlap: 'greedy' as const },
        }
      : { axis: { tickCount: 6 } }),
  }
  const spec = chart(input, target, 300, [
    {
      transform: [{ filter: "datum.status === 'ok'" }],
      mark: { type: 'line', strokeWidth: 1.7, tooltip: false },
      encoding: {
        x,
        y,
        color: colourBySeries(input, target),
        order: { field: 'loadValue' },
        opacity: { condition: { test: inFocus, value: 0.75 }, value: 0.07 },
      },
    },
    {
      name: 'points',
      transform: [{ filter: "datum.status === 'ok'" }],
      mark: { type: 'point', filled: true, cursor: 'pointer', strokeWidth: 1.6 },
      encoding: {
        x,
        y,
        color: colourBySeries(input, target),
        stroke: colourBySeries(input, target),
        shape: shapeBySeries(input, target),
        size: { condition: { test: 'datum.knee', value: 130 }, value: 52 },
        fillOpacity: { condition: { test: "datum.slo !== 'no'", value: 1 }, value: 0 },
        opacity: { condition: { test: inFocus, value: 1 }, value: 0.08 },
        tooltip: pointTooltip,
      },
    },
    {
      name: 'invalid',
      transform: [{ filter: "datum.status !== 'ok'" }],
      mark: { type: 'point', shape: crossPath, size: 60, strokeWidth: 1.8, stroke: { expr: 'muted' } },
      encoding: { x, y, opacity: { condition: { test: inFocus, value: 0.9 }, value: 0.08 }, tooltip: pointTooltip },
    },
    ...selectedMark(x, y, target),
    ...sloLayers(of),
  ])
  return {
    ...spec,
    params: [...(spec.params ?? []), { name: 'percentile', value: 'p95' }],
    transform: [
      { filter: `datum.loadKind === '${of.loadKind}'` },
      {
        calculate: `percentile === 'p50' ? datum.${of.metric}P50 : percentile === 'p99' ? datum.${of.metric}P99 : datum.${of.metric}P95`,
        as: 'latencyMs',
      },
      { filter: 'isValid(datum.latencyMs) && datum.latencyMs > 0' },
    ],
  }
}

function loadsOf(input: ChartInput, kind: string): number[] {
  const loads = input.points.filter(p => p.loadKind === kind).map(p => p.loadValue ?? 0)
  return [...new Set(loads)].sort((a, b) => a - b)
}

function sloLayers(of: LatencyPanel): Parameters<typeof chart>[3] {
  if (of.sloMs === null) return []
  const data = { values: [{ slo: of.sloMs, text: `SLO p95 ≤ ${of.sloMs} ms` }] }
  const opacity = { condition: { test: "percentile === 'p95'", value: 0.9 }, value: 0.15 }
  return [
    {
      data,
      mark: { type: 'rule', strokeDash: [5, 4], strokeWidth: 1.4, color: { expr: 'ink' }, tooltip: false },
      encoding: { y: { field: 'slo', type: 'quantitative' }, opacity },
    },
    {
      data,
      mark: {
        type: 'text',
        align: 'left',
        baseline: 'bottom',
        dx: 4,
        dy: -4,
        x: 0,
        fontSize: 11.5,
        color: { expr: 'ink' },
        tooltip: false,
      },
      encoding: { y: { field: 'slo', type: 'quantitative' }, text: { field: 'text' }, opacity },
    },
  ]
}
