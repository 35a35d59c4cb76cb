import wrapAnsi from 'wrap-ansi'

/** Columns of a terminal that nothing should exceed. */
const width = 80

/**
 * A sentence in lines of at most 80 columns, where words allow it; lines after the first are indented by two more
 * columns.
 */
export function wrapped(text: string, indent = ''): string {
  const margin = `${indent}${/^ */.exec(text)?.[0] ?? ''}`
  return wrappedUnder(margin, `${margin}  `, text).join('\n')
}

/** Lines of at most 80 columns, where words allow it: the first one begins with `first`, the others with `rest`. */
export function wrappedUnder(first: string, rest: string, text: string): readonly string[] {
  // What wrap-ansi does itself; done before, so that its lines are parts of this text.
  const body = text.trim().normalize()
  const [begun = ''] = wrapAnsi(body, width - first.length).split('\n')
  const left = body.slice(begun.length).trim()
  const others = left === '' ? [] : wrapAnsi(left, width - rest.length).split('\n')
  return [`${first}${begun}`, ...others.map(line => `${rest}${line}`)]
}
