import type { Random } from '../point/index.ts'
import { createRandom } from '../point/index.ts'
import type { Lexicon } from './lexicon.ts'

/** A run of words of a text: drawn ones, or a number written in words. */
export type WordRun =
  /** Equal names give equal words, whatever the length: a shorter run is the start of a longer one. */
  | { readonly kind: 'drawn'; readonly name: string; readonly words: number }
  /** Texts with different numbers differ here; `words` may cut it short. */
  | { readonly kind: 'mark'; readonly number: number; readonly words: number }

/** Words that a mark takes at most: 24 bits with 64 interchangeable words. */
export const markWords = 4

/** The words that every prompt of a point begins with, so that points differ at once. */
export function saltMark(salt: string): WordRun {
  return { kind: 'mark', number: createRandom(salt).integer(2 ** 24), words: markWords }
}

/** Cuts runs, at the end, to so many words in all; empty ones are left out. */
export function cutRuns(runs: readonly WordRun[], words: number): WordRun[] {
  let left = words
  const cut: WordRun[] = []
  for (const run of runs) {
    const taken = Math.max(0, Math.min(run.words, left))
    if (taken > 0) cut.push({ ...run, words: taken })
    left -= taken
  }
  return cut
}

/** Indices into the lexicon's words for a text made of runs. */
export function drawText(lexicon: Lexicon, runs: readonly WordRun[], random: Random): Uint16Array {
  const text = new Uint16Array(runs.reduce((sum, run) => sum + run.words, 0))
  let at = 0
  for (const run of runs) {
    const part = text.subarray(at, at + run.words)
    if (run.kind === 'mark') writeMark(lexicon, run.number, part)
    else drawWords(random.fork(run.name), Math.log2(lexicon.words.length), part)
    at += run.words
  }
  return text
}

/** The least significant digit first, so that a mark cut short still tells neighbours apart. */
function writeMark(lexicon: Lexicon, number: number, into: Uint16Array): void {
  const base = lexicon.interchangeable.length
  let left = number
  for (let i = 0; i < into.length; i++) {
    into[i] = lexicon.interchangeable[left % base] ?? 0
    left = Math.floor(left / base)
  }
}

function drawWords(random: Random, bits: number, into: Uint16Array): void {
  const each = Math.floor(32 / bits)
  const mask = 2 ** bits - 1
  for (let i = 0; i < into.length; ) {
    let number = random.integer(2 ** (each * bits))
    for (let j = 0; j < each && i < into.length; j++, i++) {
      into[i] = number & mask
      number >>>= bits
    }
  }
}

/** Writes texts as bytes, words with single spaces between them. */
export interface WordWriter {
  sizeOf(text: Uint16Array): number
  /** Returns where the text ends. */
  write(text: Uint16Array, into: Uint8Array, at: number): number
}

export function createWordWriter(lexicon: Lexicon): WordWriter {
  const lengths = Uint8Array.from(lexicon.words, word => word.length + 1)
  const stride = Math.max(...lengths)
  const letters = new Uint8Array(lexicon.words.length * stride)
  for (const [index, word] of lexicon.words.entries()) letters.set(Buffer.from(` ${word}`, 'latin1'), index * stride)
  return {
    sizeOf: text => {
      let size = text.length === 0 ? 0 : -1
      for (let i = 0; i < text.length; i++) size += lengths[text[i] ?? 0] ?? 0
      return size
    },
    write: (text, into, start) => {
      let at = start
      for (let i = 0; i < text.length; i++) {
        const word = text[i] ?? 0
        const from = word * stride
        const length = lengths[word] ?? 0
        // The first word goes without its space.
        for (let j = i === 0 ? 1 : 0; j < length; j++) into[at++] = letters[from + j] ?? 0
      }
      return at
    },
  }
}
