/**
 * Plausibility of the server's usage. `missing`: there is none. `early`: it came before the last text. `impossible`: it
 * can't be right, such as 0 tokens with text. `doubtful`: it has fewer tokens than the text suggests, so the tokenizer
 * decides.
 */
export type UsageState = 'said' | 'missing' | 'early' | 'impossible' | 'doubtful'

/**
 * Bounds of plausible usage. A proxy may split one token's text, and some tokens have no separate chunk. The longest
 * common tokens have 16 bytes, three times as many as JSON. Beyond these bounds, the tokenizer decides.
 */
const chunkShare = 0.9
const chunkSlack = 2
const longestToken = 48

/** A doubtful usage is accepted if it is at least this share of the tokenizer's count. */
const believedShare = 0.75

/**
 * @param outputTokens −1 if the server did not report it
 * @param usageAt number of chunks with a token that arrived with it or before it
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

/** Whether the tokenizer's count confirms a doubtful usage. */
export function isBelieved(stated: number, counted: number): boolean {
  return stated >= believedShare * counted
}

/**
 * Tokens of the first chunk if chunks carry several. They arrived together, so ITL must not be divided by them. If
 * neither the server nor the tokenizer knows their number, tokens are divided evenly among the chunks. Each later chunk
 * has at least one token.
 * @param stated by the server, 0 if it did not report it
 * @param counted by the tokenizer; null if it could not count
 */
export function firstChunkTokens(tokens: number, chunks: number, stated: number, counted: number | null): number {
  if (tokens <= chunks || chunks < 1) return 1
  const first = stated > 0 ? stated : (counted ?? Math.round(tokens / chunks))
  return Math.min(Math.max(1, first), tokens - chunks + 1)
}
