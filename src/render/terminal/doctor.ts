import { wrappedUnder } from './wrapped.ts'

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

const indent = 6

/**
 * A finding as it is printed: what, where, and what to do; no line is longer than a terminal of 80 columns, words
 * permitting.
 */
export function findingLines({ name, where, ok, detail, remedy }: CheckView): readonly string[] {
  const label = ok ? (remedy === undefined ? 'ok' : 'note') : 'FAIL'
  const place = where === 'this machine' ? '' : `${where}, `
  return [...under(label, `${place}${name}: ${detail}`), ...(remedy === undefined ? [] : under('', `to do: ${remedy}`))]
}

const under = (label: string, text: string) =>
  wrappedUnder(label.padEnd(indent), ' '.repeat(indent), text.replace(/\s+/g, ' '))
