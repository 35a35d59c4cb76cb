import type { Worker } from './worker.ts'

/** One request on its way through the engine. What is not `readonly` belongs to the engine. */
export interface EngineRequest {
  readonly promptTokens: number
  readonly outputTokens: number
  readonly arrivedMs: number
  /** Called for each token when the engine streams them, at simulated time `atMs`. */
  readonly onToken: ((atMs: number) => void) | null
  /** Called once, after the last token. */
  readonly onFinish: ((request: EngineRequest) => void) | null
  /** NaN until the first token. */
  firstTokenMs: number
  /** NaN until the last token. */
  finishedMs: number
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
    Partial<Pick<EngineRequest, 'onToken' | 'onFinish'>>,
): EngineRequest {
  return {
    promptTokens: fields.promptTokens,
    outputTokens: fields.outputTokens,
    arrivedMs: fields.arrivedMs,
    onToken: fields.onToken ?? null,
    onFinish: fields.onFinish ?? null,
    firstTokenMs: Number.NaN,
    finishedMs: Number.NaN,
    promptLeft: fields.promptTokens,
    lastPass: 0,
    blocks: 0,
    worker: null,
    cancelled: false,
  }
}
