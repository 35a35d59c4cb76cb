/** A cell; null if nothing was measured. */
export type CsvCell = string | number | null

/**
 * The content of a page as CSV (RFC 4180, with line feeds as in points.csv). Null becomes empty. As in points.csv, text
 * that a spreadsheet would run as a formula gets a leading quote mark.
 */
export function csvText(header: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [header, ...rows].map(row => `${row.map(cell).join(',')}\n`).join('')
}

function cell(value: CsvCell): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
