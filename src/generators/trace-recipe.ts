import type { Api } from '../model/index.ts'
import type { Lexicon } from './lexicon.ts'

/** All that decides the prompts of a trace: plain data and shared memory, from which each is made when it is sent. */
export interface TraceRecipe {
  readonly lexicon: Lexicon
  readonly api: Api
  /** Tokens that are not the prompt's own; they belong to its first block. */
  readonly around: number
  readonly seed: number
  readonly salt: string
  readonly blockTokens: number
  readonly inputTokens: Uint32Array
  /** Ids of blocks end to end, and where those of each request begin; null where the trace has none. */
  readonly blocks: { readonly ids: Float64Array; readonly offsets: Float64Array } | null
}
