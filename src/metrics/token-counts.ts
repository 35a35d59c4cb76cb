import type { Measurement, TokenCounts } from './measurement.ts'

/** How most answers were counted; the better way where two are even. */
export function tokenSourceOf({ usage, tokenizer, chunks }: TokenCounts): Measurement['tokenSource'] {
  if (usage >= tokenizer && usage >= chunks) return 'usage'
  return tokenizer >= chunks ? 'tokenizer' : 'chunks'
}
