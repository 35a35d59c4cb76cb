/**
 * The leading blocks of a prompt by name: an id stands for its tokens and all before them, as hash ids of traces do.
 */
export interface PromptBlocks {
  readonly ids: readonly number[]
  /** Tokens that an id stands for; of the last one, what is left of the prompt. A multiple of the KV block. */
  readonly tokensPerId: number
}

/** One request on its way through the engine. What is not `readonly` belongs to the engine. */
export interface EngineRequest {
  readonly promptTokens: number
  readonly outputTokens: number
  readonly arrivedMs: number
  /** What the prompt has in common with others; null when nothing. */
  readonly shared: PromptBlocks | null
  /**
   * Chance that the model accepts a drafted token, given that it accepted those before it, 0–1; null for the engine's
   * own.
   */
  readonly acceptance: number | null
  /** Called for each step when the engine streams its tokens, at simulated time `atMs`; one token without drafts. */
  readonly onToken: ((atMs: number, tokens: number) => void) | null
  /** Called once, after the last token. */
  readonly onFinish: ((request: EngineRequest) => void) | null
  /** When a prefill worker had computed the prompt; NaN until then, and in aggregated workers. */
  prefilledMs: number
  /** NaN until the first token. */
  firstTokenMs: number
  /** NaN until the last token. */
  finishedMs: number
  /** NaN until the second token. */
  secondTokenMs: number
  /** Prompt tokens that a worker had in its cache. */
  reusedTokens: number
  /** Prompt tokens that no pass has computed yet. */
  promptLeft: number
  /**
   * With speculative decoding, the tokens of each of its passes, of which the last may be more than are left; null
   * without.
   */
  steps: Uint8Array | null
  /** Of {@link outputTokens}, those that are out; counted only with {@link steps}. */
  generated: number
  /** The worker's pass at whose end the last token comes; 0 before decoding. */
  lastPass: number
  /** KV blocks held on `worker`. */
  blocks: number
  /** Where it waits or runs. */
  worker: { cancel(request: EngineRequest): void } | null
  cancelled: boolean
}

export function engineRequest(
  fields: Pick<EngineRequest, 'promptTokens' | 'outputTokens' | 'arrivedMs'> &
    Partial<Pick<EngineRequest, 'shared' | 'acceptance' | 'onToken' | 'onFinish'>>,
): EngineRequest {
  return {
    promptTokens: fields.promptTokens,
    outputTokens: fields.outputTokens,
    arrivedMs: fields.arrivedMs,
    shared: fields.shared ?? null,
    acceptance: fields.acceptance ?? null,
    onToken: fields.onToken ?? null,
    onFinish: fields.onFinish ?? null,
    prefilledMs: Number.NaN,
    firstTokenMs: Number.NaN,
    secondTokenMs: Number.NaN,
    reusedTokens: 0,
    finishedMs: Number.NaN,
    promptLeft: fields.promptTokens,
    steps: null,
    generated: 0,
    lastPass: 0,
    blocks: 0,
    worker: null,
    cancelled: false,
  }
}

/** A request's times as its client sees them. */
export interface ClientTimes {
  readonly request: EngineRequest
  /** When an open loop wanted to send it; when it was sent, in a closed one. */
  readonly dueMs: number
  readonly firstMs: number
  readonly secondMs: number
  readonly lastMs: number
}
