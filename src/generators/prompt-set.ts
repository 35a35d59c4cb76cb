import type { TraceRecipe } from './trace-recipe.ts'

/**
 * Prompts of a point, ready to be put into request bodies: bytes end to end, shared with worker threads without a copy.
 */
export interface PromptSet {
  /** Prompts; a conversation has {@link turns} of them, one after another. */
  readonly count: number
  /**
   * JSON values end to end: an array of messages for the chat API, a string for completions and responses. A turn of a
   * conversation has its new messages only; what was said before goes in front of them.
   */
  readonly json: Uint8Array
  /** Where each value begins in {@link json}, and the end of the last: count + 1 numbers. */
  readonly offsets: Float64Array
  /**
   * Tokens that the server should count (`usage.prompt_tokens`), template included; the sum over the turns so far in a
   * conversation. 0 where only the server can count them, as those of images.
   */
  readonly inputTokens: Uint32Array
  /** Tokens to ask for; 0 where the data doesn't say. */
  readonly outputTokens: Uint32Array
  /** Of {@link count}, the last ones that only hold the load. */
  readonly spare?: number
  /** Turns a conversation has; 1 without conversations. */
  readonly turns: number
  /**
   * For each prompt the first that is the same to the byte; absent where nobody looked, as in conversations and traces.
   */
  readonly firstAlike?: Uint32Array
  /** How each prompt is made when it is sent; then {@link json} is empty. */
  readonly recipe?: TraceRecipe
}

/** Some prompts, and others behind them that only hold the load. */
export function withSpare(set: PromptSet, more: PromptSet): PromptSet {
  const length = set.offsets[set.count] ?? 0
  const moreLength = more.offsets[more.count] ?? 0
  const json = sharedBytes(length + moreLength)
  json.set(set.json.subarray(0, length))
  json.set(more.json.subarray(0, moreLength), length)
  const offsets = new Float64Array(set.count + more.count + 1)
  offsets.set(set.offsets.subarray(0, set.count + 1))
  offsets.set(
    more.offsets.subarray(1, more.count + 1).map(at => at + length),
    set.count + 1,
  )
  const both = (first: Uint32Array, second: Uint32Array) => {
    const joined = sharedUint32(new Uint32Array(set.count + more.count))
    joined.set(first.subarray(0, set.count))
    joined.set(second.subarray(0, more.count), set.count)
    return joined
  }
  return {
    count: set.count + more.count,
    json,
    offsets,
    inputTokens: both(set.inputTokens, more.inputTokens),
    outputTokens: both(set.outputTokens, more.outputTokens),
    spare: more.count,
    turns: set.turns,
    ...(set.firstAlike === undefined
      ? {}
      : {
          firstAlike: both(
            set.firstAlike,
            Uint32Array.from({ length: more.count }, (_, index) => set.count + index),
          ),
        }),
  }
}

/** The first prompts of a set; not a copy. */
export function firstPrompts(set: PromptSet, count: number): PromptSet {
  if (count === set.count) return set
  return {
    ...set,
    count,
    json: set.json.subarray(0, set.offsets[count]),
    offsets: set.offsets.subarray(0, count + 1),
    inputTokens: set.inputTokens.subarray(0, count),
    outputTokens: set.outputTokens.subarray(0, count),
    ...(set.firstAlike === undefined ? {} : { firstAlike: set.firstAlike.subarray(0, count) }),
  }
}

/** The JSON value of one prompt; not a copy. */
export function promptJson(set: Pick<PromptSet, 'json' | 'offsets'>, index: number): Uint8Array {
  return set.json.subarray(set.offsets[index], set.offsets[index + 1])
}

/** Memory that worker threads can share. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length))
}

/** A copy of numbers in memory that worker threads can share. */
export function sharedUint32(values: ArrayLike<number>): Uint32Array {
  const shared = new Uint32Array(new SharedArrayBuffer(values.length * 4))
  shared.set(values)
  return shared
}

/** A copy of numbers in memory that worker threads can share. */
export function sharedFloat64(values: ArrayLike<number>): Float64Array {
  const shared = new Float64Array(new SharedArrayBuffer(values.length * 8))
  shared.set(values)
  return shared
}
