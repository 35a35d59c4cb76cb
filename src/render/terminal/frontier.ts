import { shortened } from '../../analysis/load-label.ts'
import type { FrontierRow } from '../views/frontier-table.ts'
import { deploymentMark, frontierChart } from './frontier-chart.ts'
import { type Screen, screenOf } from './screen.ts'
import { table } from './table.ts'

/** Maximum number of charts; more would scroll the tables out of view. */
const mostCharts = 3
/** Columns that the rest of the table needs, of 80. */
const otherColumns = 62

/** The frontier of each workload for the terminal, as a chart and a table. */
export function frontierText(
  rows: readonly FrontierRow[],
  screen: Screen = screenOf(process.stdout, process.env),
): string {
  if (rows.length === 0) return 'the frontier is empty: no valid point has tokens/s per user'
  return [...Map.groupBy(rows, row => row.workload)]
    .map(([workload, frontier], i) => {
      const chart = i < mostCharts ? frontierChart(frontier, screen, rows) : ''
      // Without the chart, only the table has the full name.
      const most = chart === '' ? Number.POSITIVE_INFINITY : Math.max(12, screen.columns - otherColumns)
      return `${chart === '' ? `workload ${workload}` : chart}\n\n${frontierTableText(frontier, rows, most)}`
    })
    .join('\n\n')
}

/** The letters of the chart; a capital marks the recommendation. */
function frontierTableText(rows: readonly FrontierRow[], all: readonly FrontierRow[], longestName: number): string {
  const cells = rows.map(row => [
    deploymentMark(all, row),
    clipped(row.deployment, longestName),
    shortened(row.load),
    row.gpus,
    row.tokensPerSPerUser,
    row.tokensPerSPerGpu,
    row.ttftP95,
    row.itlP95,
    ...(row.more ?? []).map(({ text }) => text),
    row.slo,
  ])
  return table(
    [
      { title: '' },
      { title: 'deployment' },
      { title: 'load' },
      { title: 'GPUs', align: 'right' },
      { title: 'tok/s/user', align: 'right' },
      { title: 'tok/s/GPU', align: 'right' },
      { title: 'TTFT p95', align: 'right' },
      { title: 'ITL p95', align: 'right' },
      ...(rows[0]?.more ?? []).map(({ title }) => ({ title, align: 'right' as const })),
      { title: 'SLO', isVerdict: true },
    ],
    cells,
  )
}

const clipped = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`)
