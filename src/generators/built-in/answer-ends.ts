/** Ends that an answer may have, as bits: which of them a server gives is seen over all of its answers. */
export const endings = { done: 1, finishReason: 2 } as const

/**
 * The ends that most answers have, as bits. A server that never sends `[DONE]` cuts nothing by that; one answer without
 * it among others that have it was cut.
 *
 * @param answered how many answers there are
 * @param unended of those of them that lack an end, the ends that they have
 */
export function usualEnds(answered: number, unended: readonly number[]): number {
  const usual = (bit: number) =>
    unended.reduce((sum, ending) => sum + ((ending & bit) === 0 ? 1 : 0), 0) * 2 < answered ? bit : 0
  return usual(endings.done) | usual(endings.finishReason)
}

/** What to say of an answer that lacks an end which most have; null where it lacks none. */
export function cutMessage(ending: number, usual: number, chunks: number): string | null {
  const missing = usual & ~ending
  if (missing === 0) return null
  const what = (missing & endings.finishReason) === 0 ? '[DONE]' : 'a finish_reason'
  return `the answer ended after ${chunks} chunks without ${what}, which the other answers have, so it is incomplete`
}
