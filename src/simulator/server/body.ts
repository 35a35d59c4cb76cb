import { z } from 'zod'

/** A completion request as the engine needs it. */
export interface CompletionRequest {
  readonly api: 'chat' | 'completions' | 'embeddings'
  /** Adapter named instead of the model. */
  readonly adapter?: string
  readonly prompts: readonly Prompt[]
  /** Output tokens for each prompt. */
  readonly outputTokens: number
  readonly stream: boolean
  readonly includeUsage: boolean
  /** Whether the model may end its answer before the limit. */
  readonly mayEnd: boolean
}

/** Texts to count separately, plus the tokens that the chat template adds; or tokens that are already counted. */
export type Prompt =
  | { readonly kind: 'text'; readonly texts: readonly string[]; readonly templateTokens: number }
  | { readonly kind: 'tokens'; readonly ids: readonly number[] }

/** An error response, as Dynamo words it. */
export interface Refusal {
  readonly status: 400 | 404 | 415 | 500 | 503
  readonly message: string
}

/** Tokens of an answer without a limit, as if the model had stopped by itself. */
const defaultOutputTokens = 128

const natural = z.int().nonnegative()
const common = {
  model: z.string(),
  max_tokens: natural.nullish(),
  min_tokens: natural.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: natural.nullish(),
  ignore_eos: z.boolean().nullish(),
  nvext: z.record(z.string(), z.unknown()).nullish(),
}

const contentPart = z.looseObject({ type: z.string(), text: z.string().optional() })
const chatSchema = z.looseObject({
  ...common,
  max_completion_tokens: natural.nullish(),
  messages: z.array(
    z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(contentPart)]).nullish() }),
  ),
})
const tokenIds = z.array(natural)
const completionSchema = z.looseObject({
  ...common,
  prompt: z.union([z.string(), tokenIds, z.array(z.string()), z.array(tokenIds)]),
})

const embeddingSchema = z.looseObject({
  model: z.string(),
  input: completionSchema.shape.prompt,
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: natural.nullish(),
})

/** Fields that Dynamo accepts and that have no effect here, because the model's words are not simulated. */
const accepted = new Set(
  `add_special_tokens best_of cache_salt chat_template chat_template_args chat_template_kwargs echo frequency_penalty
  guided_choice guided_decoding_backend guided_grammar guided_json guided_regex include_stop_str_in_output logit_bias
  logprobs metadata min_p parallel_tool_calls presence_penalty prompt_logprobs reasoning_effort repetition_penalty
  response_format seed service_tier skip_special_tokens stop stop_token_ids store suffix temperature tool_choice tools
  top_k top_logprobs top_p user`.split(/\s+/),
)

/** Fields of `nvext` that Dynamo 1.4.2 accepts. `ignore_eos`, which 0.3.1 accepted, is not among them. */
const nvextFields =
  `greed_sampling use_raw_prompt annotations backend_instance_id token_data max_thinking_tokens cache_salt
  extra_fields metadata_upload prefill_worker_id decode_worker_id dp_rank prefill_dp_rank agent_hints request_timestamp_ms
  routing_constraints router`.split(/\s+/)

function unknownFields(body: object, known: object): Refusal | null {
  const unknown = Object.keys(body).filter(key => !(key in known) && !accepted.has(key))
  if (unknown.length === 0) return null
  return badRequest(`Validation: Unsupported parameter(s): ${unknown.map(key => `\`${key}\``).join(', ')}`)
}

function badRequest(message: string): Refusal {
  return { status: 400, message }
}

function undecodable(detail: string): Refusal {
  return badRequest(`Failed to deserialize the JSON body into the target type: ${detail}`)
}

function issueText(error: z.ZodError): string {
  const [issue] = error.issues
  if (issue === undefined) return 'not understood'
  const path = issue.path.join('.')
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  return missing ? `missing field \`${path}\`` : `${path}: ${issue.message}`
}

type CommonFields = z.infer<z.ZodObject<typeof common>>

/** Error in the fields that both APIs share; null if there is none. */
function commonRefusal(body: CommonFields, names: readonly string[]): Refusal | null {
  const stray = Object.keys(body.nvext ?? {}).find(key => !nvextFields.includes(key))
  if (stray !== undefined)
    return undecodable(`unknown field \`${stray}\`, expected one of ${nvextFields.map(key => `\`${key}\``).join(', ')}`)
  if (!names.includes(body.model)) return { status: 404, message: 'Model not found' }
  if (body.max_tokens === 0) return badRequest('Validation: Max tokens must be greater than 0, got 0')
  if ((body.n ?? 1) !== 1) return badRequest(`Validation: n must be 1 for the simulated engine, got ${body.n}`)
  return null
}

/** An answer reaches its limit or, without one, `min_tokens` or a default. */
function request(
  api: CompletionRequest['api'],
  body: CommonFields,
  limit: number | null | undefined,
  prompts: readonly Prompt[],
): CompletionRequest {
  return {
    api,
    prompts,
    outputTokens: limit ?? Math.max(body.min_tokens ?? 0, defaultOutputTokens),
    stream: body.stream === true,
    includeUsage: body.stream_options?.include_usage === true,
    mayEnd: body.ignore_eos !== true && (body.min_tokens ?? 0) === 0,
  }
}

function messageText(content: string | readonly { readonly text?: string | undefined }[] | null | undefined): string {
  if (content === null || content === undefined) return ''
  return typeof content === 'string' ? content : content.map(part => part.text ?? '').join('')
}

/**
 * DeepSeek's template: a begin-of-sentence token, one before each user turn and the answer, and one at each end of an
 * assistant turn.
 */
function templateTokens(messages: readonly { readonly role: string }[]): number {
  const turns = (role: string) => messages.filter(message => message.role === role).length
  return 2 + turns('user') + 2 * turns('assistant')
}

function parseChat(body: object, names: readonly string[]): CompletionRequest | Refusal {
  const parsed = chatSchema.safeParse(body)
  if (!parsed.success) return undecodable(issueText(parsed.error))
  const fields = parsed.data
  const refused = commonRefusal(fields, names) ?? unknownFields(body, chatSchema.shape)
  if (refused !== null) return refused
  if (fields.messages.length === 0)
    return badRequest("Validation: The 'messages' field cannot be empty. At least one message is required.")
  if (fields.max_completion_tokens === 0) return badRequest('Validation: Max tokens must be greater than 0, got 0')
  const texts = fields.messages.map(message => messageText(message.content))
  const prompt: Prompt = { kind: 'text', texts, templateTokens: templateTokens(fields.messages) }
  return request('chat', fields, fields.max_completion_tokens ?? fields.max_tokens, [prompt])
}

function parsePrompts(prompt: z.infer<typeof completionSchema>['prompt']): Prompt[] {
  const text = (value: string): Prompt => ({ kind: 'text', texts: [value], templateTokens: 0 })
  const tokens = (ids: readonly number[]): Prompt => ({ kind: 'tokens', ids })
  if (typeof prompt === 'string') return [text(prompt)]
  if (prompt.every(item => typeof item === 'number')) return [tokens(prompt)]
  return prompt.map(item => (typeof item === 'string' ? text(item) : tokens(item)))
}

function parseCompletion(body: object, names: readonly string[]): CompletionRequest | Refusal {
  const parsed = completionSchema.safeParse(body)
  if (!parsed.success) return undecodable(issueText(parsed.error))
  const fields = parsed.data
  const refused = commonRefusal(fields, names) ?? unknownFields(body, completionSchema.shape)
  if (refused !== null) return refused
  const prompts = parsePrompts(fields.prompt)
  if (prompts.some(prompt => (prompt.kind === 'text' ? prompt.texts[0] === '' : prompt.ids.length === 0)))
    return badRequest('Validation: Prompt cannot be empty')
  return request('completions', fields, fields.max_tokens, prompts)
}

/** An embedding is the prefill of its text: one pass, with the vector in place of a first token. */
function parseEmbedding(body: object, names: readonly string[]): CompletionRequest | Refusal {
  const parsed = embeddingSchema.safeParse(body)
  if (!parsed.success) return undecodable(issueText(parsed.error))
  const { input, model: asked } = parsed.data
  const refused = commonRefusal({ model: asked }, names) ?? unknownFields(body, embeddingSchema.shape)
  if (refused !== null) return refused
  const prompts = parsePrompts(input)
  return { api: 'embeddings', prompts, outputTokens: 1, stream: false, includeUsage: false, mayEnd: false }
}

/** Parses a request's body. A refusal has the wording and status of Dynamo 1.4.2. */
export function parseBody(
  text: string,
  api: CompletionRequest['api'],
  model: string,
  adapters: readonly string[] = [],
): CompletionRequest | Refusal {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    return undecodable(error instanceof Error ? error.message : String(error))
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undecodable('expected an object')
  const names = [model, ...adapters]
  const parse = { chat: parseChat, completions: parseCompletion, embeddings: parseEmbedding }[api]
  const request = parse(body, names)
  const adapter = adapters.find(name => 'model' in body && body.model === name)
  return adapter === undefined || 'status' in request ? request : { ...request, adapter }
}
