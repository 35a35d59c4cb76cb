import wrapAnsi from 'wrap-ansi'

/** Maximum width of output, in columns. */
const width = 80

/** Wraps a sentence at 80 columns if words allow it. Further lines are indented by two more columns. */
export function wrapped(text: string, indent = ''): string {
  const margin = `${indent}${/^ */.exec(text)?.[0] ?? ''}`
  return wrappedUnder(margin, `${margin}  `, text).join('\n')
}

/** Wraps text at 80 columns if words allow it. The first line starts with `first`, the others with `rest`. */
export function wrappedUnder(first: string, rest: string, text: string): readonly string[] {
  // wrap-ansi normalizes the same way; done first, so that its lines are substrings of this text.
  const body = text.trim().normalize()
  const [begun = ''] = wrapAnsi(body, width - first.length).split('\n')
  const left = body.slice(begun.length).trim()
  const others = left === '' ? [] : wrapAnsi(left, width - rest.length).split('\n')
  return [`${first}${begun}`, ...others.map(line => `${rest}${line}`)]
}
