import { textColumns } from './screen.ts'
import { wrapText } from './wrap-text.ts'

/**
 * Wraps a sentence at the columns of the terminal (80 elsewhere) if words allow it. Further lines are indented by two
 * more columns.
 */
export function wrapped(text: string, indent = '', columns = textColumns()): string {
  const margin = `${indent}${/^ */.exec(text)?.[0] ?? ''}`
  return wrappedUnder(margin, `${margin}  `, text, columns).join('\n')
}

/**
 * Wraps text at the columns of the terminal (80 elsewhere) if words allow it. The first line starts with `first`, the
 * others with `rest`.
 */
export function wrappedUnder(first: string, rest: string, text: string, columns = textColumns()): readonly string[] {
  // Wrapping normalizes the text in the same way. Doing so first makes its lines substrings of this text.
  const body = text.trim().normalize()
  const [begun = ''] = wrapText(body, columns - first.length)
  const left = body.slice(begun.length).trim()
  const others = left === '' ? [] : wrapText(left, columns - rest.length)
  return [`${first}${begun}`, ...others.map(line => `${rest}${line}`)]
}

/** Like {@link wrapped} in a terminal, and on one line elsewhere, where a script may search for it. */
export function wrappedInTerminal(text: string): string {
  return process.stdout.isTTY ? wrapped(text) : text
}
