import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { builtinTokenizer } from '../model/builtin-tokenizer.ts'
import { contentId, counted, FulcrumError } from '../model/index.ts'
import { cached } from './cache.ts'
import { type Lexicon, sameLength } from './lexicon.ts'
import { lexiconSchema, loadLexicon } from './lexicon-cache.ts'
import type { ServerCounter } from './server-tokens.ts'

/** Increased when the method of finding a lexicon changes. */
const version = 1

const mostWords = 128
const fewestWords = 64
/** Concurrent requests to the server. */
const atOnce = 8

/**
 * A lexicon counted by a running server: common words that are one token each in any order, verified for every ordered
 * pair. It is cached by model and kind of prompt, and checked with three requests at each use, because the tokenizer
 * behind a name may change.
 *
 * @throws FulcrumError environment `server-cannot-count`; bad-input `tokenizer-without-words` where too few words are
 *   one token
 */
export async function serverLexicon(
  counter: ServerCounter,
  cacheFolder: string,
  signal: AbortSignal,
): Promise<Lexicon> {
  const { model, form } = counter.of
  const name = `server-lexicon-v${version}-${contentId({ model, form })}.json`
  const make = async () => {
    const { words } = await loadLexicon({ name: '', tokenizer: builtinTokenizer }, cacheFolder, signal)
    return createServerLexicon(words, counter, signal)
  }
  let isNew = false
  const load = () =>
    cached<Lexicon>(cacheFolder, name, lexiconSchema, () => {
      isNew = true
      return make()
    })
  const lexicon = await load()
  if (isNew || (await stillHolds(lexicon, counter))) return lexicon
  await rm(join(cacheFolder, name), { force: true })
  return load()
}

/** Whether the server's counts are unchanged: one word, all words, and two more turns. */
async function stillHolds({ words, chatTokens, turnTokens, promptTokens }: Lexicon, counter: ServerCounter) {
  const around = counter.of.form === 'chat' ? (chatTokens ?? 0) : promptTokens
  const [word = ''] = words
  if ((await counter.count([word])) !== around + 1) return false
  if ((await counter.count([words.join(' ')])) !== around + words.length) return false
  return turnTokens === null || (await counter.count([word, word, word])) === around + turnTokens + 3
}

async function createServerLexicon(
  candidates: readonly string[],
  counter: ServerCounter,
  signal: AbortSignal,
): Promise<Lexicon> {
  const { around, stable } = await wordsOfOneToken(candidates.slice(0, Math.round(mostWords * 1.25)), counter, signal)
  let left = stable
  for (;;) {
    const size = 2 ** Math.floor(Math.log2(Math.min(left.length, mostWords)))
    if (!(size >= fewestWords))
      throw new FulcrumError(
        'bad-input',
        'tokenizer-without-words',
        `only ${counted(left.length, 'word')} are one token in every position as the server counts, but ${fewestWords} are needed`,
        { where: counter.of.url, remedy: 'write the folder of the model’s tokenizer as model.tokenizer' },
      )
    const words = left.slice(0, size)
    const faulty = await unstableWords(words, around, counter, signal)
    if (faulty.size === 0) return { words, ...(await overheads(words, around, counter)) }
    left = left.filter(word => !faulty.has(word))
  }
}

/** Words that are one token alone and between others, and the number of tokens around a prompt. */
async function wordsOfOneToken(candidates: readonly string[], counter: ServerCounter, signal: AbortSignal) {
  // The first request goes alone, because it determines how the server counts.
  const [first = '', ...more] = candidates
  const alone = [await counter.count([first]), ...(await inTurns(more, word => counter.count([word]), signal))]
  const usual = mostCommon(alone)
  const single = candidates.filter((_, at) => alone[at] === usual)
  const [other = ''] = single
  const between = await inTurns(single, word => counter.count([`${other} ${word} ${other}`]), signal)
  return { around: usual - 1, stable: single.filter((_, at) => between[at] === usual + 2) }
}

/** Words from pairs that are not two tokens; see the function of the same name for a local tokenizer. */
async function unstableWords(
  words: readonly string[],
  around: number,
  counter: ServerCounter,
  signal: AbortSignal,
): Promise<Set<string>> {
  const faulty = new Set<string>()
  const rows = words.map((word, at) => {
    const next = words[at + 1]
    return [word, ...words.slice(at + 1).flatMap(other => [word, other]), ...(next === undefined ? [] : [next])]
  })
  const counts = await inTurns(rows, row => counter.count([row.join(' ')]), signal)
  for (const [at, word] of words.entries()) {
    if (counts[at] === around + (rows[at]?.length ?? 0)) continue
    const others = words.slice(at).filter(other => !faulty.has(other))
    const pairs = await inTurns(others, other => counter.count([`${word} ${other} ${word}`]), signal)
    const found = others.filter((_, index) => pairs[index] !== around + 3)
    for (const other of found.length === 0 ? [word] : found) faulty.add(other)
  }
  return faulty
}

async function overheads(words: readonly string[], around: number, counter: ServerCounter) {
  const [word = ''] = words
  const interchangeable = sameLength(words)
  if (counter.of.form === 'text') return { interchangeable, chatTokens: null, turnTokens: null, promptTokens: around }
  // If the template rejects earlier answers, conversations are not supported.
  const secondTurn = await counter.count([word, word, word]).catch(() => null)
  const turnTokens = secondTurn === null ? null : secondTurn - around - 3
  return { interchangeable, chatTokens: around, turnTokens, promptTokens: 0 }
}

function mostCommon(values: readonly number[]): number {
  const counts = Map.groupBy(values, value => value)
  return [...counts].reduce((best, entry) => (entry[1].length > best[1].length ? entry : best), [0, []])[0]
}

/** Runs asynchronous work on items with limited concurrency. Returns the results in the items' order. */
async function inTurns<T>(
  items: readonly T[],
  work: (item: T) => Promise<number>,
  signal: AbortSignal,
): Promise<number[]> {
  const results: number[] = []
  let next = 0
  const take = async () => {
    while (next < items.length) {
      signal.throwIfAborted()
      const at = next++
      const item = items[at]
      if (item !== undefined) results[at] = await work(item)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, take))
  return results
}
