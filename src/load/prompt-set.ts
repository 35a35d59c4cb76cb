/** Prompts of a point, ready to be put into request bodies: bytes end to end, shared with worker threads without a copy. */
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
  /** Tokens that the server should count (`usage.prompt_tokens`), template included; the sum over the turns so far in a conversation. */
  readonly inputTokens: Uint32Array
  /** Tokens to ask for; 0 where the data doesn't say. */
  readonly outputTokens: Uint32Array
  /** Turns a conversation has; 1 without conversations. */
  readonly turns: number
  /** For each prompt the first that is the same to the byte; absent where nobody looked, as in conversations and traces. */
  readonly firstAlike?: Uint32Array
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
