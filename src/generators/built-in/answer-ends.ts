/** Possible ends of an answer, as bits. All answers together show which of them a server sends. */
export const endings = { done: 1, finishReason: 2 } as const

/**
 * The ends that most answers have, as bits. A server that never sends `[DONE]` cuts nothing off. But if its other
 * answers have one, an answer without it was cut off.
 * @param answered number of answers
 * @param unended the ends of those answers that lack one
 */
export function usualEnds(answered: number, unended: readonly number[]): number {
  const usual = (bit: number) =>
    unended.reduce((sum, ending) => sum + ((ending & bit) === 0 ? 1 : 0), 0) * 2 < answered ? bit : 0
  return usual(endings.done) | usual(endings.finishReason)
}

/** Describes the missing end of an answer; null if it has all that most answers have. */
export function cutMessage(ending: number, usual: number, chunks: number): string | null {
  const missing = usual & ~ending
  if (missing === 0) return null
  const what = (missing & endings.finishReason) === 0 ? '[DONE]' : 'a finish_reason'
  return `the answer ended after ${chunks} chunks without ${what}, which the other answers have, so it is incomplete`
}
