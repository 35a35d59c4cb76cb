import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Model } from '../point/index.ts'
import type { Lexicon } from './lexicon.ts'
import { createLexicon } from './lexicon.ts'
import { buildTokenizer, readTokenizer } from './tokenizer.ts'

/** Raised when the way a lexicon is found changes. */
const version = 1

const schema = z.object({
  words: z.array(z.string().regex(/^[a-z]+$/)).min(2),
  interchangeable: z.array(z.int().nonnegative()).min(2),
  chatTokens: z.int().nonnegative().nullable(),
  promptTokens: z.int().nonnegative(),
})

/**
 * The lexicon of a model's tokenizer: from the cache (by the content of the tokenizer's files), else found and kept there.
 * A cache that can't be written is no error.
 *
 * @throws what readTokenizer, buildTokenizer and createLexicon throw
 */
export async function loadLexicon(model: Model, cacheFolder: string, signal: AbortSignal): Promise<Lexicon> {
  const source = await readTokenizer(model.tokenizer)
  signal.throwIfAborted()
  const file = join(cacheFolder, `lexicon-v${version}-${source.fingerprint}.json`)
  const kept = await readKept(file)
  if (kept !== null) return kept
  const lexicon = createLexicon(buildTokenizer(source), source.name)
  signal.throwIfAborted()
  await keep(file, cacheFolder, lexicon)
  return lexicon
}

/** Null when there is none, or when it can't be trusted. */
async function readKept(file: string): Promise<Lexicon | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return null
  }
}

async function keep(file: string, folder: string, lexicon: Lexicon): Promise<void> {
  const half = `${file}.${randomUUID()}`
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(half, JSON.stringify(lexicon))
    await rename(half, file)
  } catch {
    await rm(half, { force: true }).catch(() => undefined)
  }
}
