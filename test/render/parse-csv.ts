/** RFC 4180 by hand, so that a test of points.csv doesn't trust the library that wrote it. */
export function parseCsv(text: string): Record<string, string>[] {
  const records: string[][] = [[]]
  let cell = ''
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (quoted) {
      if (c !== '"') cell += c
      else if (text[i + 1] === '"') {
        cell += '"'
        i++
      } else quoted = false
    } else if (c === '"') quoted = true
    else if (c === ',' || c === '\n') {
      records.at(-1)?.push(cell)
      cell = ''
      if (c === '\n') records.push([])
    } else if (c !== '\r') cell += c
  }
  const [header = [], ...rows] = records.filter(record => record.length > 0)
  return rows.map(row => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])))
}
