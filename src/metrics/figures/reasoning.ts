import { ttfoAt } from '../reasoning.ts'
import type { Figure } from './figure.ts'

/**
 * Reasoning, and the time to the output after it. Empty if no answer shows reasoning, or if reasoning is hidden and not
 * counted.
 */
export const reasoning: readonly Figure[] = [
  ...(['p50', 'p95', 'p99'] as const).map(
    (percentile): Figure => ({
      name: `ttfo_${percentile}_ms`,
      title: `TTFO ${percentile}`,
      unit: 'ms',
      better: 'lower',
      of: m => ttfoAt(m, percentile),
      ...(percentile === 'p95' ? { shownIn: ['tables', 'comparison', 'history', 'axes'], ifObserved: true } : {}),
    }),
  ),
  {
    name: 'reasoning_tokens_mean',
    title: 'Reasoning tokens of an answer, mean',
    unit: 'tokens',
    better: 'lower',
    of: m => m.reasoning?.reasoningTokens?.mean ?? null,
  },
  {
    name: 'answer_tokens_mean',
    title: 'Tokens of an answer after reasoning, mean',
    unit: 'tokens',
    better: 'higher',
    of: m => m.reasoning?.answerTokens?.mean ?? null,
  },
]
