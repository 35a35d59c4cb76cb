/**
 * How a server spells 'do not stop at end-of-sequence': Dynamo 0.3.1 wants `nvext.ignore_eos`, Dynamo 1.x refuses that
 * field (HTTP 400) and takes top-level `ignore_eos` and `min_tokens`, plain OpenAI servers take neither.
 */
export const dialects = ['dynamo-0.3', 'dynamo-1', 'vllm', 'openai'] as const
export type Dialect = (typeof dialects)[number]

/**
 * Where requests go: a system that has answered a real request.
 *
 * @example
 * ```ts
 * import type { Endpoint } from 'fulcrum'
 *
 * export const chatUrl = ({ url }: Endpoint): string => `${url}/v1/chat/completions`
 * ```
 */
export interface Endpoint {
  /** What stands before `/v1/…`, without a slash at its end: `http://127.0.0.1:8000`, `https://gateway/llm/team-a`. */
  readonly url: string
  /** The same as pods of its Kubernetes cluster reach it; absent when it has none. */
  readonly clusterUrl?: string
  /** Model name as requests must spell it. */
  readonly model: string
  readonly dialect: Dialect
  /** Environment variable that holds the bearer token; the token itself is never stored. */
  readonly apiKeyEnv?: string
  /** Prometheus endpoints by what they describe: `frontend`, `prefill-0`, `decode-1`, … */
  readonly metricsUrls: { readonly [source: string]: string }
}
