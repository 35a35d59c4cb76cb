/** One thing that `fulcrum doctor` looked at. */
export interface CheckView {
  readonly name: string
  /** `this machine`, or the host. */
  readonly where: string
  readonly ok: boolean
  readonly detail: string
  /** What is to be done; of a check that is ok, a note. */
  readonly remedy?: string
}

const columns = 80
const indent = 6

/**
 * A finding as it is printed: what, where, and what to do; no line is longer than a terminal of 80 columns, words
 * permitting.
 */
export function findingLines({ name, where, ok, detail, remedy }: CheckView): readonly string[] {
  const label = ok ? (remedy === undefined ? 'ok' : 'note') : 'FAIL'
  const place = where === 'this machine' ? '' : `${where}, `
  return [
    ...wrapped(`${label.padEnd(indent)}${place}${name}: ${detail}`),
    ...(remedy === undefined ? [] : wrapped(`${' '.repeat(indent)}to do: ${remedy}`)),
  ]
}

/** Broken between words; what follows the first line is indented. */
function wrapped(text: string): string[] {
  const margin = ' '.repeat(indent)
  const lines = [text.slice(0, indent)]
  for (const word of text.slice(indent).split(/\s+/)) {
    const line = lines.at(-1) ?? ''
    const begun = line.length > indent
    if (begun && line.length + 1 + word.length > columns) lines.push(`${margin}${word}`)
    else lines[lines.length - 1] = begun ? `${line} ${word}` : `${line}${word}`
  }
  return lines
}
