/**
 * How a server spells 'do not stop at end-of-sequence': Dynamo 0.3.1 requires `nvext.ignore_eos`. Dynamo 1.x rejects
 * that field (HTTP 400) and accepts top-level `ignore_eos` and `min_tokens`. Plain OpenAI servers accept neither.
 */
export const dialects = ['dynamo-0.3', 'dynamo-1', 'vllm', 'openai'] as const

/** One of {@link dialects}. */
export type Dialect = (typeof dialects)[number]

/**
 * Target of requests: a system that has answered a real request.
 *
 * @example
 * ```ts
 * import type { Endpoint } from 'fulcrum'
 *
 * export const chatUrl = ({ url }: Endpoint): string => `${url}/v1/chat/completions`
 * ```
 */
export interface Endpoint {
  /** URL before `/v1/…`, without a trailing slash: `http://127.0.0.1:8000`, `https://gateway/llm/team-a`. */
  readonly url: string
  /** The same URL as pods of its Kubernetes cluster reach it; absent without a cluster. */
  readonly clusterUrl?: string
  /** Model name in requests. */
  readonly model: string
  readonly dialect: Dialect
  /** Environment variable that holds the bearer token; the token itself is never stored. */
  readonly apiKeyEnv?: string
  /** Prometheus endpoints by source: `frontend`, `prefill-0`, `decode-1`, … */
  readonly metricsUrls: { readonly [source: string]: string }
}

/** Whether a host name or address is this machine's loopback, which no other machine reaches. */
export const isLoopbackHost = (host: string): boolean => /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/.test(host)

/** The header that carries a token; none without a token. */
export const bearer = (token: string | undefined): { readonly authorization?: string } =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }
