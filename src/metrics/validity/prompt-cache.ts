import type { Finding, Measurement } from '../measurement.ts'
import { amount } from './figures.ts'

/** Rejects the values of a server that claims more cached tokens than the prompt has. */
export function judgePromptCache({ promptCache }: Measurement): readonly Finding[] {
  if (promptCache === undefined || promptCache.impossible === 0) return []
  const { impossible, answers } = promptCache
  return [
    {
      severity: 'warning',
      code: 'impossible-cached-tokens',
      message: `${amount(impossible)} of ${amount(answers)} answers claim more cached prompt tokens than their prompt has, so the cached share is left empty. Check the server's usage (prompt_tokens_details.cached_tokens)`,
    },
  ]
}
