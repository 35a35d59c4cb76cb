import type { ReportedOutcome } from '../commands/execute.ts'
import { outcomeText } from '../render/terminal/outcome.ts'
import { jsonText } from './json-text.ts'

/** Prints how a run ended, for a person or as the last line of JSON. */
export function printOutcome(outcome: ReportedOutcome, json: boolean): void {
  if (!json) {
    console.log(outcomeText(outcome))
    return
  }
  const { error, ...rest } = outcome
  const described =
    error === undefined
      ? {}
      : { error: { code: error.code, message: error.message, where: error.where, remedy: error.remedy } }
  console.log(jsonText({ type: 'outcome', ...rest, ...described }))
}
