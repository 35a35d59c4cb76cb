/** A cell as a page has it; null where nothing was measured. */
export type CsvCell = string | number | null

/**
 * CSV (RFC 4180, with line feeds as in points.csv) of what a page shows. Empty for null. Text that a spreadsheet would
 * run as a formula is given a leading quote mark, as in points.csv.
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
