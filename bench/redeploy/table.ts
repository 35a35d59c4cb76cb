import { medianSorted } from 'simple-statistics'
import type { Cost, Sample } from './measure.ts'

const median = (values: readonly number[]) => medianSorted([...values].sort((a, b) => a - b))
const range = (values: readonly number[]) => `${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)}`
const cell = ({ seconds }: Sample) => `${median(seconds).toFixed(1)} (${range(seconds)})`
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** A case's costs as Markdown: median and range of the seconds, the worker starts, and the sums. */
export function costTable(costs: readonly Cost[]): string {
  const rows = costs.map(
    ({ change, smallest, anew }) =>
      `| ${change} | ${cell(smallest)} | ${smallest.workersStarted} | ${cell(anew)} | ${anew.workersStarted} |`,
  )
  const totals = (['smallest', 'anew'] as const).flatMap(way => [
    `**${sum(costs.map(cost => median(cost[way].seconds))).toFixed(1)}**`,
    `**${sum(costs.map(cost => cost[way].workersStarted))}**`,
  ])
  return [
    '| change | smallest change, s | worker starts | everything anew, s | worker starts |',
    '|---|---|---|---|---|',
    ...rows,
    `| **all** | ${totals.join(' | ')} |`,
  ].join('\n')
}
