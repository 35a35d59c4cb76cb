import type { Finding, Measurement } from '../measurement.ts'
import { amount } from './figures.ts'

/** Reports why TTFO and reasoning counts do not cover every answer. */
export function judgeReasoning({ reasoning }: Measurement): readonly Finding[] {
  if (reasoning === undefined) return []
  const { answers, answersInAll, counted, impossible, unanswered } = reasoning
  const findings: Finding[] = []
  if (unanswered > 0) {
    findings.push({
      severity: 'warning',
      code: 'no-answer-after-reasoning',
      message: `${amount(unanswered)} of ${amount(answers)} answers ended during their reasoning, so TTFO covers only the others, which reasoned for less time. Raise osl`,
    })
  }
  if (impossible > 0) {
    findings.push({
      severity: 'warning',
      code: 'impossible-reasoning-tokens',
      message: `${amount(impossible)} of ${amount(answersInAll)} answers claim more reasoning tokens than output tokens, and are left out of both counts. Check the server's usage (completion_tokens_details.reasoning_tokens)`,
    })
  }
  if (answers > 0 && counted + impossible < answersInAll) {
    findings.push({
      severity: 'note',
      code: 'reasoning-not-counted',
      message: `Reasoning tokens are known for ${amount(counted)} of ${amount(answersInAll)} answers: neither usage nor a tokenizer counted the others`,
    })
  }
  return findings
}
