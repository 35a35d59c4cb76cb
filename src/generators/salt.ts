import type { Api } from '../model/index.ts'
import { textStart } from './frame.ts'
import type { Lexicon } from './lexicon.ts'
import type { PromptSet } from './prompt-set.ts'
import { sharedBytes } from './prompt-set.ts'
import type { WordRun } from './words.ts'
import { markText, markWords, saltMark } from './words.ts'

/** Words that every salted prompt begins with; {@link salted} replaces them. */
export const noSalt: WordRun = { kind: 'mark', number: 0, words: markWords }

/**
 * Copies prompts that begin with {@link noSalt} and inserts the mark of a salt. All marks have the same length, so
 * nothing else moves.
 *
 * @param around tokens of a prompt that are not words of its text
 */
export function salted(set: PromptSet, salt: string, api: Api, around: number, lexicon: Lexicon): PromptSet {
  const json = sharedBytes(set.json.length)
  json.set(set.json)
  const mark = saltMark(salt)
  const marks = Array.from({ length: markWords + 1 }, (_, words) =>
    Buffer.from(markText(lexicon, mark, words), 'latin1'),
  )
  const start = textStart(api)
  for (let index = 0; index < set.count; index += set.turns) {
    const words = Math.min(markWords, (set.inputTokens[index] ?? 0) - around)
    json.set(marks[words] ?? noMark, (set.offsets[index] ?? 0) + start)
  }
  return { ...set, json }
}

const noMark = new Uint8Array(0)
