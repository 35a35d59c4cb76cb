import { data, Evaluator, Lexer, Parser } from '@actions/expressions'
import type { FunctionDefinition } from '@actions/expressions/funcs/info'

/** What expressions see: `github`, `inputs`, `steps`, `vars`, … as plain values. */
export type Contexts = Readonly<Record<string, unknown>>

/** How far a job has come, for `success()` and its kin. */
export interface JobState {
  readonly failed: boolean
  readonly cancelled: boolean
}

const dictionary = (value: unknown): data.Dictionary => JSON.parse(JSON.stringify(value), data.reviver)

/** The value of one expression, by GitHub's own evaluator. */
function evaluate(expression: string, contexts: Contexts, state: JobState): data.ExpressionData {
  const status = (name: string, call: () => boolean): FunctionDefinition => ({
    ...{ name, minArgs: 0, maxArgs: 0 },
    call: () => new data.BooleanData(call()),
  })
  const functions = [
    status('always', () => true),
    status('cancelled', () => state.cancelled),
    status('failure', () => state.failed && !state.cancelled),
    status('success', () => !state.failed && !state.cancelled),
  ]
  const { tokens } = new Lexer(expression).lex()
  const parsed = new Parser(tokens, Object.keys(contexts), functions).parse()
  return new Evaluator(parsed, dictionary(contexts), new Map(functions.map(one => [one.name, one]))).evaluate()
}

/** A text with its `${{ … }}` replaced. */
export const filledIn = (text: string, contexts: Contexts, state: JobState): string =>
  text.replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) =>
    evaluate(expression.trim(), contexts, state).coerceString(),
  )

/** Whether an `if:` holds. Without a function of the status, only while nothing has failed, as GitHub has it. */
export function holds(condition: string | undefined, contexts: Contexts, state: JobState): boolean {
  const inner = (condition ?? 'success()').replace(/^\s*\$\{\{(.*)\}\}\s*$/s, '$1').trim()
  const full = /\b(always|cancelled|failure|success)\s*\(/.test(inner) ? inner : `success() && (${inner})`
  const value = JSON.parse(JSON.stringify(evaluate(full, contexts, state), data.replacer)) as unknown
  // Truth as GitHub has it: an empty text, 0, null and false are none.
  return Boolean(value)
}
