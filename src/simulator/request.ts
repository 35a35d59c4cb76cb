import type { PromptBlocks } from './prefix-cache.ts'
import type { Worker } from './worker.ts'

/** One request on its way through the engine. What is not `readonly` belongs to the engine. */
export interface EngineRequest {
  readonly promptTokens: number
  readonly outputTokens: number
  readonly arrivedMs: number
  /** What the prompt has in common with others; null when nothing. */
  readonly shared: PromptBlocks | null
  /** Called for each token when the engine streams them, at simulated time `atMs`. */
  readonly onToken: ((atMs: number) => void) | null
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
  /** The worker's pass at whose end the last token comes; 0 before decoding. */
  lastPass: number
  /** KV blocks held on `worker`. */
  blocks: number
  worker: Worker | null
  cancelled: boolean
}

export function engineRequest(
  fields: Pick<EngineRequest, 'promptTokens' | 'outputTokens' | 'arrivedMs'> &
    Partial<Pick<EngineRequest, 'shared' | 'onToken' | 'onFinish'>>,
): EngineRequest {
  return {
    promptTokens: fields.promptTokens,
    outputTokens: fields.outputTokens,
    arrivedMs: fields.arrivedMs,
    shared: fields.shared ?? null,
    onToken: fields.onToken ?? null,
    onFinish: fields.onFinish ?? null,
    prefilledMs: Number.NaN,
    firstTokenMs: Number.NaN,
    secondTokenMs: Number.NaN,
    reusedTokens: 0,
    finishedMs: Number.NaN,
    promptLeft: fields.promptTokens,
    lastPass: 0,
    blocks: 0,
    worker: null,
    cancelled: false,
  }
}
