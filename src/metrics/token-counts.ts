import type { Measurement, TokenCounts } from './measurement.ts'

/** How most answers were counted; of two equally frequent ways, the more reliable one. */
export function tokenSourceOf({ usage, tokenizer, chunks }: TokenCounts): Measurement['tokenSource'] {
  if (usage >= tokenizer && usage >= chunks) return 'usage'
  return tokenizer >= chunks ? 'tokenizer' : 'chunks'
}
