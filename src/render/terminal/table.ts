/** A column of a terminal table; figures are right-aligned. */
export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/** Plain aligned text, two spaces between columns; no colour, so that it pastes well. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, i) => Math.max(column.title.length, ...rows.map(row => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    columns
      .map((column, i) => {
        const cell = cells[i] ?? ''
        const width = widths[i] ?? 0
        return column.align === 'right' ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [
    line(columns.map(column => column.title)),
    line(widths.map(width => '─'.repeat(width))),
    ...rows.map(line),
  ].join('\n')
}
