import type { DecodeTimes } from '../metrics/arrivals.ts'

/** Leading blocks of a prompt by id: each stands for its tokens and all before them, as hash ids of traces do. */
export interface PromptBlocks {
  readonly ids: readonly number[]
  /** Tokens per id; the last one has the rest of the prompt. A multiple of the KV block. */
  readonly tokensPerId: number
}

/** A request on its way through the engine. The engine owns all properties that are not `readonly`. */
export interface EngineRequest {
  readonly promptTokens: number
  readonly outputTokens: number
  readonly arrivedMs: number
  /** Part of the prompt shared with others; null without any. */
  readonly shared: PromptBlocks | null
  /**
   * Probability that the model accepts a drafted token if it accepted those before it, 0–1; null for the engine's own.
   */
  readonly acceptance: number | null
  /** Called at simulated time `atMs` for each step if the engine streams tokens; one token per step without drafts. */
  readonly onToken: ((atMs: number, tokens: number) => void) | null
  /** Called once, after the last token. */
  readonly onFinish: ((request: EngineRequest) => void) | null
  /** When a prefill worker finished the prompt; NaN before that, and in aggregated workers. */
  prefilledMs: number
  /** NaN until the first token. */
  firstTokenMs: number
  /** NaN until the last token. */
  finishedMs: number
  /** NaN until the second token. */
  secondTokenMs: number
  /** Prompt tokens that a worker had cached. */
  reusedTokens: number
  /** Prompt tokens not yet computed. */
  promptLeft: number
  /**
   * With speculative decoding, the tokens of each pass, of which the last may exceed the remaining ones; null without.
   */
  steps: Uint8Array | null
  /** Generated part of {@link outputTokens}; only counted with {@link steps}. */
  generated: number
  /** Pass of the worker at whose end the last token comes; 0 before decoding. */
  lastPass: number
  /** KV blocks held on `worker`. */
  blocks: number
  /** Worker where it waits or runs. */
  worker: { cancel(request: EngineRequest): void } | null
  cancelled: boolean
}

/** Creates a request that has not been submitted yet. */
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

/** Times of a request as its client sees them. */
export interface ClientTimes {
  readonly request: EngineRequest
  /** When an open loop was due to send it; in a closed loop, when it was sent. */
  readonly dueMs: number
  readonly firstMs: number
  readonly secondMs: number
  readonly lastMs: number
  /** Tokens that arrive together at the start; more than 1 if the first chunk is held back. */
  readonly headChunks: number
  /** The token after them; NaN without one. */
  readonly restMs: number
}

/** Inputs for the ITL of a request: each chunk has one token. */
export function decodeOf({ request, firstMs, lastMs, headChunks, restMs }: ClientTimes): DecodeTimes {
  const { outputTokens } = request
  return {
    firstTokenMs: firstMs,
    lastTokenMs: lastMs,
    outputTokens,
    chunks: outputTokens,
    firstChunkTokens: 1,
    headChunks,
    restMs,
    restFrom: headChunks + 1,
  }
}
