import { shortened } from '../../analysis/load-label.ts'
import { counted } from '../../model/index.ts'
import type { HistoryView } from '../views/history-table.ts'
import { table } from './table.ts'

/** Maximum number of rows, and of changes per run. */
const mostLines = 20

/** A history for the terminal: lasting changes and the runs with which they appeared. */
export function historyText({ sweep, runs, passedOver, rows, groups, gates, page }: HistoryView): string {
  const count = groups.reduce((sum, group) => sum + group.changes.length, 0)
  const shown = table(
    [
      { title: 'workload' },
      { title: 'deployment' },
      { title: 'load' },
      { title: 'figure' },
      { title: 'latest', align: 'right' },
      { title: 'since', align: 'right' },
      { title: 'noise', align: 'right' },
    ],
    rows
      .slice(0, mostLines)
      .map(row => [
        row.workload,
        row.deployment,
        shortened(row.load),
        shortFigure(row.figure),
        row.latest,
        row.since,
        row.noise,
      ]),
  )
  return [
    `${sweep}: ${counted(runs, 'run')}, ${count === 0 ? 'no lasting change shown' : counted(count, 'lasting change')}`,
    ...gates.map(gate => `  ${gate}`),
    ...(rows.length > 0 ? ['', shown] : []),
    ...(rows.length > mostLines
      ? [
          `and ${rows.length - mostLines} more changed ${rows.length - mostLines === 1 ? 'figure' : 'figures'}; --json has all`,
        ]
      : []),
    ...groups.flatMap(({ since, before, changes }) => [
      '',
      `since ${since} (before: ${before})`,
      ...changes.slice(0, mostLines).map(sentence => `  ${sentence}`),
      ...(changes.length > mostLines ? [`  and ${changes.length - mostLines} more`] : []),
    ]),
    ...(passedOver.length > 0
      ? [
          '',
          `${passedOver.length === 1 ? '1 run' : `${passedOver.length} runs`} without a valid point, or unreadable, passed over`,
        ]
      : []),
    ...(page === null ? [] : ['', `page: ${page}`]),
  ].join('\n')
}

/** Keeps the table within 80 columns. */
const shortFigure = (title: string) =>
  title.replace('Output tokens/s per ', 'tok/s/').replace('Hypervolume', 'hypervolume')
