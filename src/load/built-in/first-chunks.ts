import type { Tokenizer } from '../tokenizer.ts'
import { buildTokenizer, readTokenizer } from '../tokenizer.ts'
import type { JobResult } from './job.ts'

/**
 * Counts the tokens of first chunks that may hold several, now that the clock has stopped: they arrived together, hence
 * ITL must not be divided by them. The tokenizer is only built when a server bundles.
 */
export async function countFirstChunks(results: readonly JobResult[], tokenizerName: string): Promise<void> {
  if (results.every(result => result.firstTexts.length === 0)) return
  const tokenizer = buildTokenizer(await readTokenizer(tokenizerName))
  const known = new Map<string, number>()
  for (const { records, firstTexts } of results) {
    for (const [row, text] of firstTexts) records.firstChunkTokens[row] = tokensOf(text, tokenizer, known)
  }
}

function tokensOf(text: string, tokenizer: Tokenizer, known: Map<string, number>): number {
  const counted = known.get(text) ?? Math.max(1, tokenizer.encode(text).length)
  known.set(text, counted)
  return counted
}
