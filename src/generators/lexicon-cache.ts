import { z } from 'zod'
import type { Model } from '../model/index.ts'
import { cached } from './cache.ts'
import type { Lexicon } from './lexicon.ts'
import { createLexicon } from './lexicon.ts'
import { buildTokenizer, readTokenizer } from './tokenizer.ts'

/** Increase it when the method of finding a lexicon changes. */
const version = 2

/** A lexicon in a file. */
export const lexiconSchema = z.object({
  words: z.array(z.string().regex(/^[a-z]{4,10}$/)).min(2),
  interchangeable: z.array(z.int().nonnegative()).min(2),
  chatTokens: z.int().nonnegative().nullable(),
  turnTokens: z.int().nonnegative().nullable(),
  promptTokens: z.int().nonnegative(),
})

/**
 * Lexicon of a model's tokenizer, from the cache (keyed by the content of the tokenizer's files) or newly built and
 * cached.
 *
 * @throws errors of readTokenizer, buildTokenizer and createLexicon
 */
export async function loadLexicon(model: Model, cacheFolder: string, signal: AbortSignal): Promise<Lexicon> {
  const source = await readTokenizer(model.tokenizer)
  signal.throwIfAborted()
  return cached<Lexicon>(cacheFolder, `lexicon-v${version}-${source.fingerprint}.json`, lexiconSchema, () =>
    createLexicon(buildTokenizer(source), source.name),
  )
}
