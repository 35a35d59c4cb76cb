/**
 * What the server's usage is worth. `missing`: none came. `early`: it came before the last of the text. `impossible`:
 * it can't be, as 0 tokens with text. `doubtful`: less than the text makes likely, which the tokenizer has to say.
 */
export type UsageState = 'said' | 'missing' | 'early' | 'impossible' | 'doubtful'

/**
 * What is still likely: a proxy may cut one token's text in two, some tokens have no chunk of their own, and the
 * longest usual tokens are of 16 bytes, three times as many as JSON. Beyond it the tokenizer says whether the count can
 * be.
 */
const chunkShare = 0.9
const chunkSlack = 2
const longestToken = 48

/** A doubtful usage is believed when it says at least this share of what the tokenizer counts. */
const believedShare = 0.75

/**
 * @param outputTokens −1 when the server didn't say
 * @param usageAt chunks with a token that had come with it or before it
 * @param textBytes of the whole text, as JSON
 */
export function usageStateOf(outputTokens: number, usageAt: number, chunks: number, textBytes: number): UsageState {
  if (outputTokens === -1) return 'missing'
  if (usageAt < chunks) return 'early'
  if (!Number.isSafeInteger(outputTokens) || outputTokens < 0 || (outputTokens === 0 && chunks > 0)) return 'impossible'
  const fewForChunks = outputTokens + chunkSlack < chunkShare * chunks
  const fewForText = textBytes > longestToken * (outputTokens + chunkSlack)
  return fewForChunks || fewForText ? 'doubtful' : 'said'
}

/** Whether a doubtful usage can be after all, by the tokenizer's count. */
export function isBelieved(stated: number, counted: number): boolean {
  return stated >= believedShare * counted
}

/**
 * Tokens of the first chunk, where chunks carry several: they arrived together, hence ITL must not be divided by them.
 * Where neither the server nor the tokenizer can say, each chunk has had its share. The chunks after it have a token
 * each at least.
 *
 * @param stated by the server, 0 when it didn't say
 * @param counted by the tokenizer; null where it couldn't
 */
export function firstChunkTokens(tokens: number, chunks: number, stated: number, counted: number | null): number {
  if (tokens <= chunks || chunks < 1) return 1
  const first = stated > 0 ? stated : (counted ?? Math.round(tokens / chunks))
  return Math.min(Math.max(1, first), tokens - chunks + 1)
}
