import type { Api } from '../model/index.ts'
import { createRandom } from '../model/index.ts'
import { frameTexts } from './frame.ts'
import type { Lexicon } from './lexicon.ts'
import type { PromptSet } from './prompt-set.ts'
import { sharedBytes, sharedFloat64, sharedUint32 } from './prompt-set.ts'
import type { Trace } from './trace.ts'
import { tokensPerBlock } from './trace-lines.ts'
import type { TraceRecipe } from './trace-recipe.ts'
import type { WordRun } from './words.ts'
import { cutRuns, drawText, markWords, saltMark } from './words.ts'

/** @param around tokens that do not belong to the prompt's text; they count towards its first block */
export function traceRecipe(
  trace: Trace,
  lexicon: Lexicon,
  around: number,
  { api, seed, salt }: { readonly api: Api; readonly seed: number; readonly salt: string },
): TraceRecipe {
  const { hashIds, blockTokens = tokensPerBlock } = trace
  const inputTokens = sharedUint32(trace.inputTokens.map(tokens => Math.max(tokens, around + 1)))
  return {
    ...{ lexicon, api, around, seed, salt, blockTokens, inputTokens },
    blocks: hashIds === null ? null : endToEnd(hashIds),
  }
}

function endToEnd(lists: readonly (readonly number[])[]): NonNullable<TraceRecipe['blocks']> {
  const offsets = new Float64Array(lists.length + 1)
  for (const [index, list] of lists.entries()) offsets[index + 1] = (offsets[index] ?? 0) + list.length
  const ids = new Float64Array(new SharedArrayBuffer((offsets.at(-1) ?? 0) * Float64Array.BYTES_PER_ELEMENT))
  for (const [index, list] of lists.entries()) ids.set(list, offsets[index])
  return { ids, offsets: sharedFloat64(offsets) }
}

/** Ids of the blocks of a request's prompt, in order; null if the trace has none. */
function prefixBlocks({ blocks }: Pick<TraceRecipe, 'blocks'>, index: number): Float64Array | null {
  return blocks === null ? null : blocks.ids.subarray(blocks.offsets[index], blocks.offsets[index + 1])
}

/**
 * Makes the prompts of a recipe one at a time. They have recorded lengths, and equal blocks for equal hash ids, so a
 * prefix cache finds the same blocks as when the trace was recorded. Parts without an id differ between prompts.
 */
export function traceTexts(recipe: TraceRecipe): (index: number) => Uint16Array {
  const random = createRandom(recipe.seed).fork('text')
  const salt = saltMark(recipe.salt)
  return index => {
    const words = (recipe.inputTokens[index] ?? 1) - recipe.around
    return drawText(recipe.lexicon, cutRuns([salt, ...runsOf(recipe, index, words)], words), random)
  }
}

/** The salt takes its words from the first block, as does the template. */
function runsOf(recipe: TraceRecipe, index: number, words: number): WordRun[] {
  const { around, blockTokens } = recipe
  const own: WordRun[] = [
    { kind: 'mark', number: index, words: markWords },
    { kind: 'drawn', name: `prompt-${index}`, words },
  ]
  const ids = prefixBlocks(recipe, index)
  if (ids === null) return own
  /** Tokens for the template and the salt; if blocks are smaller, they take more than one. */
  let taken = around + markWords
  const shared = Array.from(ids, (id): WordRun => {
    const less = Math.min(taken, blockTokens)
    taken -= less
    return { kind: 'drawn', name: `block-${id}`, words: blockTokens - less }
  })
  return [...shared, ...own]
}

/** All prompts of a trace at once. */
export function tracePrompts(recipe: TraceRecipe, trace: Trace): PromptSet {
  const textOf = traceTexts(recipe)
  const texts = Array.from({ length: trace.count }, (_, index) => textOf(index))
  return { ...lengthsOf(recipe, trace), ...frameTexts(texts, recipe.api, recipe.lexicon) }
}

/**
 * Lengths of a trace's prompts, and how to make each when it is sent, because 200,000 prompts do not fit into memory.
 */
export function lateTracePrompts(recipe: TraceRecipe, trace: Trace): PromptSet {
  return { ...lengthsOf(recipe, trace), json: sharedBytes(0), offsets: sharedFloat64([0]), recipe }
}

function lengthsOf(recipe: TraceRecipe, trace: Trace) {
  return {
    count: trace.count,
    inputTokens: recipe.inputTokens,
    outputTokens: sharedUint32(trace.outputTokens),
    turns: 1,
  }
}
