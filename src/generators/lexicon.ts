import { counted, FulcrumError } from '../model/index.ts'
import type { Tokenizer } from './tokenizer.ts'

/**
 * Words that are exactly one token each when joined with single spaces in any order. Verified with the tokenizer for
 * every ordered pair of words, which suffices because pre-tokenizers split by neighboring characters.
 */
export interface Lexicon {
  /** Lower-case ASCII words, up to 512 of them; always a power of two. */
  readonly words: readonly string[]
  /**
   * Indices of words with equal numbers of letters, so that one can replace another without changing the number of
   * bytes.
   */
  readonly interchangeable: readonly number[]
  /** Tokens that the chat template adds around a single user message; null without a template. */
  readonly chatTokens: number | null
  /**
   * Tokens that it adds around an answer and the next user message, for every previous turn; null if it does not
   * support turns.
   */
  readonly turnTokens: number | null
  /** Special tokens that the tokenizer adds around a plain prompt. */
  readonly promptTokens: number
}

const mostWords = 512
const fewestWords = 64
const interchangeableWords = 64

/**
 * Builds a tokenizer's lexicon. Takes about a second, so it is done once per tokenizer and cached.
 *
 * @throws FulcrumError bad-input `tokenizer-without-words` if the vocabulary has too few such words
 */
export function createLexicon(tokenizer: Tokenizer, name: string): Lexicon {
  let candidates = candidateWords(tokenizer)
  for (;;) {
    const size = 2 ** Math.floor(Math.log2(Math.min(candidates.length, mostWords)))
    if (!(size >= fewestWords)) {
      throw new FulcrumError(
        'bad-input',
        'tokenizer-without-words',
        `only ${counted(candidates.length, 'word')} of the tokenizer ${name} are one token in every position, but ${fewestWords} are needed`,
        { where: name, remedy: 'use a dataset file instead of synthetic prompts' },
      )
    }
    const words = candidates.slice(0, size)
    const faulty = unstableWords(tokenizer, words)
    if (faulty.size === 0) return { words, interchangeable: sameLength(words), ...overheads(tokenizer, words) }
    candidates = candidates.filter(word => !faulty.has(word))
  }
}

/** Words that are one token both after a space and at the start of a text, most common (lowest id) first. */
function candidateWords(tokenizer: Tokenizer): string[] {
  const spelled = [...tokenizer.vocabulary()]
    .map(([token, id]) => ({ id, word: /^[Ġ▁]([a-z]{4,10})$/.exec(token)?.[1] }))
    .sort((a, b) => a.id - b.id)
  const found: string[] = []
  let aroundPrompt: number | null = null
  let aroundChat: number | null = null
  for (const { word } of spelled) {
    // Includes a few spare words, in case some pairs merge.
    if (found.length >= mostWords * 1.25) break
    if (word === undefined || tokenizer.encode(word).length !== 1) continue
    const inPrompt = tokenizer.encodePrompt(word).length - 1
    const inChat = chatLength(tokenizer, [word]) ?? 0
    aroundPrompt ??= inPrompt
    aroundChat ??= inChat
    if (inPrompt === aroundPrompt && inChat === aroundChat) found.push(word)
  }
  return found
}

/** Words in pairs that are not two tokens. */
function unstableWords(tokenizer: Tokenizer, words: readonly string[]): Set<string> {
  const faulty = new Set<string>()
  for (const [at, word] of words.entries()) {
    // One row of the shortest sequence with every ordered pair: w0 w0 w1 w0 w2 …, then w1 w1 w2 w1 w3 ….
    const row = [word, ...words.slice(at + 1).flatMap(other => [word, other])]
    const next = words[at + 1]
    if (next !== undefined) row.push(next)
    const text = row.join(' ')
    if (tokenizer.encode(text).length === row.length) continue
    for (const other of words.slice(at)) {
      if (tokenizer.encode(`${word} ${other} ${word}`).length !== 3) faulty.add(other)
    }
    if (faulty.size === 0) faulty.add(word)
  }
  return faulty
}

function overheads(
  tokenizer: Tokenizer,
  words: readonly string[],
): Pick<Lexicon, 'chatTokens' | 'turnTokens' | 'promptTokens'> {
  const word = words[0] ?? ''
  const chatTokens = chatLength(tokenizer, [word])
  const secondTurn = chatLength(tokenizer, [word, word, word])
  return {
    chatTokens: chatTokens === null ? null : chatTokens - 1,
    turnTokens: chatTokens === null || secondTurn === null ? null : secondTurn - chatTokens - 2,
    promptTokens: tokenizer.encodePrompt(word).length - 1,
  }
}

/**
 * Tokens of a chat with alternating user and assistant messages; null if the tokenizer has no template that supports
 * it.
 */
function chatLength(tokenizer: Tokenizer, said: readonly string[]): number | null {
  const messages = said.map((content, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content }))
  try {
    return tokenizer.encodeChat(messages).length
  } catch {
    return null
  }
}

/** Largest group of words with equal numbers of letters, cut to a power of two. */
export function sameLength(words: readonly string[]): number[] {
  const groups = Map.groupBy(words.keys(), at => words[at]?.length)
  const largest = [...groups.values()].reduce((most, group) => (group.length > most.length ? group : most), [])
  return largest.slice(0, 2 ** Math.floor(Math.log2(Math.min(largest.length, interchangeableWords))))
}
