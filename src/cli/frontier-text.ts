import type { FrontierRow } from '../index.ts'
import { table } from './table.ts'

/** The frontier as a table that fits a terminal; `*` marks what the report recommends. */
export function frontierText(rows: readonly FrontierRow[]): string {
  if (rows.length === 0) return 'no valid point: the frontier is empty'
  const cells = rows.map(row => [
    row.recommended ? '*' : '',
    row.workload,
    row.deployment,
    // `c 16`: the whole table has to fit 80 columns.
    row.load.replace('concurrency ', 'c '),
    row.gpus,
    row.tokensPerSPerUser,
    row.tokensPerSPerGpu,
    row.ttftP95,
    row.itlP95,
    row.slo,
  ])
  return table(
    [
      { title: '' },
      { title: 'workload' },
      { title: 'deployment' },
      { title: 'load' },
      { title: 'GPUs', align: 'right' },
      { title: 'tok/s/user', align: 'right' },
      { title: 'tok/s/GPU', align: 'right' },
      { title: 'TTFT p95', align: 'right' },
      { title: 'ITL p95', align: 'right' },
      { title: 'SLO' },
    ],
    cells,
  )
}
