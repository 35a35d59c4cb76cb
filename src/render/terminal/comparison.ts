import type { ComparisonView } from '../views/comparison-table.ts'
import { counted } from '../views/format.ts'
import { table } from './table.ts'
import { wrappedInTerminal } from './wrapped.ts'

/** Maximum number of rows. */
const mostRows = 20

/** A comparison for the terminal: verdict, basis, gates, and the largest shown changes. */
export function comparisonText(one: ComparisonView): string {
  const rows = one.changes.slice(0, mostRows)
  const shown = table(
    [
      { title: 'workload' },
      { title: 'deployment' },
      { title: 'load' },
      { title: 'figure', wraps: true },
      { title: 'base', align: 'right' },
      { title: 'head', align: 'right' },
      { title: 'change', align: 'right' },
      { title: '' },
    ],
    rows.map(row => [row.workload, row.deployment, row.load, row.figure, row.base, row.head, row.change, row.verdict]),
  )
  const rest = one.changes.length - rows.length
  return [
    wrappedInTerminal(`${one.head}: ${one.verdict}`),
    ...(one.noise === '' ? [] : [wrappedInTerminal(`  ${one.noise}`)]),
    ...one.conditions.map(difference => wrappedInTerminal(`  conditions differ: ${difference}`)),
    ...one.gates.map(gate => wrappedInTerminal(`  ${gate}`)),
    ...one.quality.map(row =>
      wrappedInTerminal(`  accuracy at ${row.point}: ${row.base} → ${row.head}, ${row.change}; ${row.verdict}`),
    ),
    ...(one.onlyBase + one.onlyHead > 0
      ? [`  ${counted(one.onlyBase, 'point')} only in base, ${one.onlyHead} only in head`]
      : []),
    ...(rows.length > 0 ? ['', shown] : []),
    ...(rest > 0 ? [`and ${rest} more; --to DIR writes all`] : []),
    ...one.files.filter(file => file.endsWith('.html')).map(file => `\ncomparison: ${file}`),
  ].join('\n')
}
