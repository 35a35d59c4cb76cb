/** Columns of a terminal that nothing should exceed. */
const width = 80

/** A sentence in lines of at most 80 columns, where words allow it; the ones after the first two columns further in. */
export function wrapped(text: string, indent = ''): string {
  const own = /^ */.exec(text)?.[0] ?? ''
  const lines: string[] = []
  let line = indent + own
  for (const word of text.trim().split(' ')) {
    const isFirst = line.trim() === ''
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line)
      line = `${indent}${own}  ${word}`
    } else line = isFirst ? line + word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}
