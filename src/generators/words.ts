import type { Random } from '../model/index.ts'
import { createRandom } from '../model/index.ts'
import type { Lexicon } from './lexicon.ts'

/** A run of words in a text: drawn ones, or a number written in words. */
export type WordRun =
  /** Equal names give equal words. A shorter run is the start of a longer one. */
  | { readonly kind: 'drawn'; readonly name: string; readonly words: number }
  /** Distinguishes texts by number; `words` may truncate it. */
  | { readonly kind: 'mark'; readonly number: number; readonly words: number }

/** Maximum words of a mark: 24 bits with 64 interchangeable words. */
export const markWords = 4

/** First words of every prompt of a point, so that points differ immediately. */
export function saltMark(salt: string): WordRun & { readonly kind: 'mark' } {
  return { kind: 'mark', number: createRandom(salt).integer(2 ** 24), words: markWords }
}

/** A mark as text, truncated to the given number of words. */
export function markText(lexicon: Lexicon, { number }: WordRun & { readonly kind: 'mark' }, words: number): string {
  const mark = new Uint16Array(words)
  writeMark(lexicon, number, mark)
  return Array.from(mark, word => lexicon.words[word] ?? '').join(' ')
}

/** Truncates runs at the end to a total number of words; removes empty ones. */
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

/** Indices into the lexicon's words for a text of runs. */
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

/** Least significant digit first, so that truncated marks of consecutive numbers still differ. */
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

/** Writes texts as bytes, with single spaces between words. */
export interface WordWriter {
  sizeOf(text: Uint16Array): number
  /** Returns where the text ends. */
  write(text: Uint16Array, into: Uint8Array, at: number): number
}

/** A space and a word of at most 11 letters. */
const longest = 12

/**
 * Copies words 12 bytes at a time; the next word overwrites the excess. This is five times as fast as byte by byte. The
 * last three words, after which nothing may be overwritten, and the first, which has no space, are copied byte by byte.
 */
export function createWordWriter(lexicon: Lexicon): WordWriter {
  const lengths = Uint8Array.from(lexicon.words, word => word.length + 1)
  const letters = new Uint8Array(lexicon.words.length * longest)
  for (const [index, word] of lexicon.words.entries()) {
    if (word.length < 3 || word.length >= longest) throw new RangeError(`a word of ${word.length} letters: ${word}`)
    letters.set(Buffer.from(` ${word}`, 'latin1'), index * longest)
  }
  const stored = new DataView(letters.buffer)
  const quads = Uint32Array.from({ length: letters.length / 4 }, (_, at) => stored.getUint32(at * 4, true))
  const bytesOf = (word: number, skip: number) =>
    letters.subarray(word * longest + skip, word * longest + (lengths[word] ?? 0))
  return {
    sizeOf: text => {
      let size = text.length === 0 ? 0 : -1
      for (let i = 0; i < text.length; i++) size += lengths[text[i] ?? 0] ?? 0
      return size
    },
    write: (text, into, start) => {
      const view = new DataView(into.buffer, into.byteOffset, into.byteLength)
      let at = start
      const set = (bytes: Uint8Array) => {
        into.set(bytes, at)
        at += bytes.length
      }
      if (text.length > 0) set(bytesOf(text[0] ?? 0, 1))
      const lastStored = Math.max(1, text.length - 3)
      for (let i = 1; i < lastStored; i++) {
        const word = text[i] ?? 0
        view.setUint32(at, quads[word * 3] ?? 0, true)
        view.setUint32(at + 4, quads[word * 3 + 1] ?? 0, true)
        view.setUint32(at + 8, quads[word * 3 + 2] ?? 0, true)
        at += lengths[word] ?? 0
      }
      for (let i = lastStored; i < text.length; i++) set(bytesOf(text[i] ?? 0, 0))
      return at
    },
  }
}
