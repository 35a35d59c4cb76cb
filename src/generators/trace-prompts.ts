import type { Api } from '../model/index.ts'
import { createRandom } from '../model/index.ts'
import { frameTexts } from './frame.ts'
import type { Lexicon } from './lexicon.ts'
import type { PromptSet } from './prompt-set.ts'
import { sharedUint32 } from './prompt-set.ts'
import type { Trace } from './trace.ts'
import { tokensPerBlock } from './trace.ts'
import type { WordRun } from './words.ts'
import { cutRuns, drawText, markWords, saltMark } from './words.ts'

/**
 * Prompts for the requests of a trace: as long as recorded, and with the same blocks where the trace has the same hash
 * ids, so that a prefix cache finds what it found when the trace was recorded. Without hash ids all prompts are
 * distinct.
 *
 * @param around tokens that are not the prompt's own; they belong to its first block
 */
export function tracePrompts(
  trace: Trace,
  lexicon: Lexicon,
  around: number,
  options: { readonly api: Api; readonly seed: number; readonly salt: string },
): PromptSet {
  const random = createRandom(options.seed).fork('text')
  const salt = saltMark(options.salt)
  const texts = Array.from(trace.inputTokens, (tokens, index) => {
    const words = Math.max(1, tokens - around)
    const ids = trace.hashIds?.[index]
    return drawText(lexicon, cutRuns([salt, ...blocks(ids, index, around, words)], words), random)
  })
  return {
    count: trace.count,
    ...frameTexts(texts, options.api, lexicon),
    inputTokens: sharedUint32(texts.map(text => text.length + around)),
    outputTokens: sharedUint32(trace.outputTokens),
    turns: 1,
  }
}

/** The salt takes its words from the first block, as the template does. */
function blocks(ids: readonly number[] | undefined, index: number, around: number, words: number): WordRun[] {
  if (ids === undefined)
    return [
      { kind: 'mark', number: index, words: markWords },
      { kind: 'drawn', name: `prompt-${index}`, words },
    ]
  return ids.map((id, at) => ({
    kind: 'drawn',
    name: `block-${id}`,
    words: at === 0 ? Math.max(0, tokensPerBlock - around - markWords) : tokensPerBlock,
  }))
}
