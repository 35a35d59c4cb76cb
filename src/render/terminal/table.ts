import { largest } from '../../model/numbers/extremes.ts'
import { columnsOf } from './columns.ts'

/** A column of a terminal table; figures are right-aligned. */
export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/** Aligned plain text with two spaces between columns and no color, so that it can be pasted. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, i) =>
    largest([column.title, ...rows.map(row => row[i] ?? '')].map(cell => columnsOf(cell))),
  )
  const line = (cells: readonly string[]) =>
    columns
      .map((column, i) => {
        const cell = cells[i] ?? ''
        const padding = ' '.repeat((widths[i] ?? 0) - columnsOf(cell))
        return column.align === 'right' ? `${padding}${cell}` : `${cell}${padding}`
      })
      .join('  ')
      .trimEnd()
  return [
    line(columns.map(column => column.title)),
    line(widths.map(width => '─'.repeat(width))),
    ...rows.map(line),
  ].join('\n')
}
