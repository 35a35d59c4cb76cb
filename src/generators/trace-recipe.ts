import type { Api } from '../model/index.ts'
import type { Lexicon } from './lexicon.ts'

/**
 * Everything that determines the prompts of a trace, as plain data and shared memory. Each prompt is made from it when
 * it is sent.
 */
export interface TraceRecipe {
  readonly lexicon: Lexicon
  readonly api: Api
  /** Tokens that do not belong to the prompt's text; they count towards its first block. */
  readonly around: number
  readonly seed: number
  readonly salt: string
  readonly blockTokens: number
  readonly inputTokens: Uint32Array
  /** Concatenated block ids, and where those of each request begin; null if the trace has none. */
  readonly blocks: { readonly ids: Float64Array; readonly offsets: Float64Array } | null
}
