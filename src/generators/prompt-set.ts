import type { TraceRecipe } from './trace-recipe.ts'

/** Prompts of a point, ready for request bodies: concatenated bytes, shared with worker threads without copying. */
export interface PromptSet {
  /** Number of prompts. A conversation has {@link turns} of them in order. */
  readonly count: number
  /**
   * Concatenated JSON values: an array of messages for the chat API, a string for completions and responses. A turn of
   * a conversation contains only its new messages; the earlier ones are put before it.
   */
  readonly json: Uint8Array
  /** Where each value begins in {@link json}, and the end of the last: count + 1 numbers. */
  readonly offsets: Float64Array
  /**
   * Tokens that the server should count (`usage.prompt_tokens`), including the template; in a conversation, the sum
   * over the turns so far. 0 if only the server can count them, as with images.
   */
  readonly inputTokens: Uint32Array
  /** Tokens to request; 0 if the data does not specify them. */
  readonly outputTokens: Uint32Array
  /** Number of prompts at the end of {@link count} that only maintain the load. */
  readonly spare?: number
  /** Turns per conversation; 1 without conversations. */
  readonly turns: number
  /**
   * For each prompt, the first with identical bytes; absent if prompts were not compared, as in conversations and
   * traces.
   */
  readonly firstAlike?: Uint32Array
  /** How to make each prompt when it is sent; {@link json} is then empty. */
  readonly recipe?: TraceRecipe
}

/** Adds prompts that only maintain the load. */
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

/** The first prompts of a set, not copied. */
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

/** JSON value of one prompt, not copied. */
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
