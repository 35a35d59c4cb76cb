import { largest } from '../../model/numbers/extremes.ts'
import { columnsOf } from './columns.ts'
import { type Screen, screenOf } from './screen.ts'
import { verdictColoured } from './verdict-colour.ts'
import { wrapText } from './wrap-text.ts'

/** A column of a terminal table; figures are right-aligned. */
export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /**
   * Whether its cells continue on further lines if the table is wider than the terminal. Only one column of a table may
   * wrap.
   */
  readonly wraps?: true
  /** Whether its cells are verdicts, which a terminal shows in color. */
  readonly isVerdict?: true
}

/** Narrowest column that wraps. */
const leastWrapped = 20

/**
 * Aligned text with two spaces between columns. Plain except for colored verdicts in a terminal, so that it can be
 * pasted.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  screen: Screen = screenOf(process.stdout, process.env),
): string {
  const wide = columns.map((column, i) =>
    largest([column.title, ...rows.map(row => row[i] ?? '')].map(cell => columnsOf(cell))),
  )
  const wrapping = columns.findIndex(({ wraps }) => wraps)
  const others = wide.reduce((sum, width, i) => sum + (i === wrapping ? 0 : width + 2), 0)
  const most = wrapping < 0 ? 0 : Math.max(leastWrapped, screen.columns - others)
  const lines = (wide[wrapping] ?? 0) > most ? rows.flatMap(row => spread(row, wrapping, most)) : rows
  const widths = wide.map((width, i) =>
    i === wrapping
      ? largest([columnsOf(columns[i]?.title ?? ''), ...lines.map(row => columnsOf(row[i] ?? ''))])
      : width,
  )
  const line = (cells: readonly string[], isTitle = false) =>
    columns
      .map((column, i) => {
        const cell = cells[i] ?? ''
        const padding = ' '.repeat((widths[i] ?? 0) - columnsOf(cell))
        const shown = column.isVerdict && !isTitle ? verdictColoured(cell, screen) : cell
        return column.align === 'right' ? `${padding}${shown}` : `${shown}${padding}`
      })
      .join('  ')
      .trimEnd()
  return [
    line(
      columns.map(column => column.title),
      true,
    ),
    line(
      widths.map(width => '─'.repeat(width)),
      true,
    ),
    ...lines.map(row => line(row)),
  ].join('\n')
}

/** A row with one of its cells spread over as many lines as it needs. */
function spread(row: readonly string[], at: number, columns: number): readonly (readonly string[])[] {
  const [first = '', ...more] = wrapText(row[at] ?? '', columns)
  return [row.with(at, first), ...more.map(part => row.map((_, i) => (i === at ? part : '')))]
}
