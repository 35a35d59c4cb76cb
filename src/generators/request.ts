import { type Api, type Dialect, type Endpoint, generates, type Json, type Load } from '../model/index.ts'

type Fields = { readonly [field: string]: Json }

/** Path of each API below the endpoint's URL. */
export const apiPaths: Readonly<Record<Api, string>> = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  responses: '/v1/responses',
  embeddings: '/v1/embeddings',
}

/** Body field with the prompt. */
export const promptFields: Readonly<Record<Api, string>> = {
  chat: 'messages',
  completions: 'prompt',
  responses: 'input',
  embeddings: 'input',
}

/** Content of a request body except the prompt. */
export interface RequestShape {
  readonly api: Api
  readonly dialect: Dialect
  readonly model: string
  readonly streaming: boolean
  /** Tokens to generate: exactly, or at most if the dialect has no minimum. 0 leaves it to the server. */
  readonly outputTokens: number
  /** Additional fields; they override the others. */
  readonly extra: Fields
}

/** Shape of the requests of a point. */
export function requestShape(load: Load, endpoint: Endpoint, outputTokens: number): RequestShape {
  return {
    api: load.api,
    dialect: endpoint.dialect,
    model: endpoint.model,
    streaming: load.streaming,
    outputTokens,
    extra: load.extra,
  }
}

/** Every field of a request body except the prompt, with the server's names. */
export function requestFields(shape: RequestShape): Fields {
  if (!generates(shape.api)) return { model: shape.model, ...shape.extra }
  return {
    model: shape.model,
    stream: shape.streaming,
    // The Responses API always ends with usage; the others only report it on request.
    ...(shape.streaming && shape.api !== 'responses' ? { stream_options: streamOptions(shape.dialect) } : {}),
    ...lengthFields(shape),
    ...shape.extra,
  }
}

/**
 * Dynamo 1.x, vLLM and SGLang report running counts with every chunk on request, which shows the number of tokens in
 * the first chunk. Servers that do not know the option ignore it.
 */
function streamOptions(dialect: Dialect): Fields {
  const counting = dialect === 'vllm' || dialect === 'dynamo-1'
  return { include_usage: true, ...(counting ? { continuous_usage_stats: true } : {}) }
}

/** Minimum tokens that the server was asked to generate; 0 without a minimum. A shorter answer is a failure. */
export function leastTokens(shape: RequestShape): number {
  const asked = requestFields(shape)
  const min = asked.min_tokens
  if (typeof min === 'number') return min
  return shape.dialect === 'dynamo-0.3' && asked.nvext !== undefined ? shape.outputTokens : 0
}

function lengthFields(shape: RequestShape): Fields {
  const tokens = shape.outputTokens
  if (tokens === 0) return {}
  const most: Fields = shape.api === 'responses' ? { max_output_tokens: tokens } : { max_tokens: tokens }
  switch (shape.dialect) {
    case 'dynamo-0.3':
      return { ...most, nvext: { ignore_eos: true } }
    case 'dynamo-1':
    case 'vllm':
      return { ...most, min_tokens: tokens, ignore_eos: true }
    case 'openai':
      return most
  }
}

/** Body parts before and after the JSON of a prompt. */
export function bodyAround(shape: RequestShape): { readonly before: string; readonly after: string } {
  const fields = JSON.stringify(requestFields(shape))
  return { before: `{${JSON.stringify(promptFields[shape.api])}:`, after: `,${fields.slice(1)}` }
}

/** Head of a request, up to the length of its body. */
export function headBefore(url: URL, api: Api, streaming: boolean, apiKey: string | undefined): string {
  const base = url.pathname.replace(/\/+$/, '')
  return [
    `POST ${base}${apiPaths[api]} HTTP/1.1`,
    `Host: ${url.host}`,
    'User-Agent: fulcrum',
    `Accept: ${streaming ? 'text/event-stream' : 'application/json'}`,
    ...(apiKey === undefined ? [] : [`Authorization: Bearer ${apiKey}`]),
    'Content-Type: application/json',
    'Content-Length: ',
  ].join('\r\n')
}
