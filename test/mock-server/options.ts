/** What the mock server does with a request; times in ms. */
export interface MockOptions {
  readonly ttftMs: number
  readonly itlMs: number
  /** Tokens of an answer whose request has no `max_tokens`. */
  readonly tokens: number
  /** Tokens in each chunk. */
  readonly tokensPerChunk: number
  /** What `usage.prompt_tokens` says. */
  readonly promptTokens: number
}

export const defaultOptions: MockOptions = { ttftMs: 50, itlMs: 10, tokens: 64, tokensPerChunk: 1, promptTokens: 0 }
