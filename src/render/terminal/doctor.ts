import { wrappedUnder } from './wrapped.ts'

/** A check of `fulcrum doctor`. */
export interface CheckView {
  readonly name: string
  /** `this machine`, or the host. */
  readonly where: string
  readonly ok: boolean
  readonly detail: string
  /** The remedy; for a passed check, a note. */
  readonly remedy?: string
}

const indent = 6

/** A check as text: subject, place and remedy, in lines of at most 80 columns if words allow it. */
export function findingLines({ name, where, ok, detail, remedy }: CheckView): readonly string[] {
  const label = ok ? (remedy === undefined ? 'ok' : 'note') : 'FAIL'
  const place = where === 'this machine' ? '' : `${where}, `
  return [...under(label, `${place}${name}: ${detail}`), ...(remedy === undefined ? [] : under('', `to do: ${remedy}`))]
}

const under = (label: string, text: string) =>
  wrappedUnder(label.padEnd(indent), ' '.repeat(indent), text.replace(/\s+/g, ' '))
