import type { Api } from '../../model/index.ts'

/** Contents of one streamed event, or of a whole answer. */
export interface Chunk {
  /** Whether it contains generated output. Chunks with only a role, finish reason or usage do not. */
  readonly token: boolean
  /** The generated text including reasoning, each text once. For a tool call, its name and arguments. */
  readonly text: string
  /** Number of characters at the start of {@link text} that are reasoning. Hidden reasoning has no text. */
  readonly reasoningChars: number
  /** JSON key of the text, which {@link Template} looks for. */
  readonly key: string
  /** Whether it marks the end of the answer. */
  readonly finished: boolean
  /** Whether it has an empty finish reason, which means nothing. */
  readonly blankFinish: boolean
  readonly usage: Usage | null
  /** Speculative decoding of the request, if the server reports it. */
  readonly drafts: Drafts | null
  /** An error from the server inside HTTP 200, or a finish reason that means failure. */
  readonly error: string | null
}

/** Token counts from the server, unchanged. */
export interface Usage {
  /** −1 if the usage does not report it. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** Prompt tokens from the server's prefix cache; −1 if the usage does not report them. */
  readonly cachedTokens: number
  /** Output tokens spent on reasoning, visible or hidden; −1 if the usage does not report them. */
  readonly reasoningTokens: number
}

/** Speculative decoding of one request, where the server reports it; see {@link draftsOf}. */
export interface Drafts {
  /** Steps that verified a draft. */
  readonly steps: number
  readonly drafted: number
  readonly accepted: number
}

type Fields = { readonly [key: string]: unknown }

const nothing = {
  token: false,
  text: '',
  reasoningChars: 0,
  key: '',
  finished: false,
  blankFinish: false,
  usage: null,
  drafts: null,
  error: null,
}

/** Parses the JSON of one event of a stream, or of a whole answer. */
export function readChunk(api: Api, type: string, value: unknown): Chunk {
  const root = fieldsOf(value)
  const error = errorOf(root, type, api)
  if (error !== null) return { ...nothing, error }
  if (api === 'embeddings') return readEmbeddings(root)
  return api === 'responses' ? readResponses(root, type) : readChoices(root)
}

/** Whether the `event` field of an event reports a failure. */
export function isErrorEvent(type: string): boolean {
  return type !== '' && /error|exception|fail/i.test(type)
}

/** Finish reasons of complete answers: OpenAI's, and their equivalents in the APIs of TGI, Anthropic and Mistral. */
const wholeReasons: ReadonlySet<string> = new Set([
  'stop',
  'length',
  'tool_calls',
  'function_call',
  'eos',
  'eos_token',
  'stop_sequence',
  'stop_token',
  'end_turn',
  'max_tokens',
  'max_length',
  'model_length',
  'tool_use',
])

/**
 * Fields of a delta that contain text, reasoning first: a delta with both ends the reasoning and starts the answer.
 * DeepSeek and SGLang use `reasoning_content`, vLLM uses `reasoning`.
 */
const textKeys = ['reasoning_content', 'content', 'refusal']
const plainKeys = ['text']

function readChoices(root: Fields): Chunk {
  let token = false
  let text = ''
  let reasoning = ''
  let key = ''
  let finished = false
  let blankFinish = false
  let error: string | null = null
  let drafts =
    draftsOf(fieldsOf(root.metrics).speculative_decoding) ?? draftsOf(fieldsOf(root.sglext).spec_tokens_details)
  const choices = Array.isArray(root.choices) ? root.choices : []
  for (const one of choices) {
    const choice = fieldsOf(one)
    const reason = finishReasonOf(choice.finish_reason)
    if (reason === '') blankFinish = true
    else if (reason !== null && wholeReasons.has(reason.toLowerCase())) finished = true
    else if (reason !== null) error ??= `the answer ended with finish_reason '${reason}'`
    drafts ??= draftsOf(choice.speculative_decoding)
    const holder = choice.delta ?? choice.message
    const fields = fieldsOf(holder)
    error ??= ownError(choice.error) ?? ownError(fields.error)
    const inChoice = typeof holder !== 'object' || holder === null
    for (const candidate of inChoice ? plainKeys : textKeys) {
      const found = inChoice ? choice.text : textUnder(fields, candidate)
      if (typeof found !== 'string' || found === '') continue
      token = true
      if (candidate === 'reasoning_content') reasoning += found
      else text += found
      key = key === '' ? keyOf(fields, candidate) : 'several'
    }
    const calls = callsOf(fields.tool_calls) + callsOf(fields.function_call)
    // A tool call without a name and arguments is only an id, or the server's end mark. The model generated nothing.
    if (calls !== '') {
      token = true
      text += calls
      key = 'several'
    }
  }
  const usage = usageOf(root.usage, 'prompt_tokens', 'completion_tokens')
  const reasoningChars = reasoning.length
  return { token, text: reasoning + text, reasoningChars, key, finished, blankFinish, usage, drafts, error }
}

/** The reason as written; null if there is none yet. */
function finishReasonOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value.trim()
  // SGLang's native form: { "type": "length", "length": 16 }.
  const { type } = fieldsOf(value)
  return typeof type === 'string' ? type : JSON.stringify(value)
}

/**
 * Text of a delta. Reasoning has two field names, and some servers fill both with the same text, which then counts
 * once.
 */
function textUnder(fields: Fields, key: string): unknown {
  const found = fields[key]
  if (key !== 'reasoning_content') return found
  const { reasoning } = fields
  if (typeof reasoning !== 'string') return found
  return typeof found === 'string' && found.length >= reasoning.length ? found : reasoning
}

/** The key under which {@link textUnder} found its text. */
function keyOf(fields: Fields, key: string): string {
  if (key !== 'reasoning_content' || typeof fields.reasoning !== 'string') return key
  return typeof fields.reasoning_content === 'string' && fields.reasoning_content !== '' ? 'several' : 'reasoning'
}

function isPresent(calls: unknown): boolean {
  return Array.isArray(calls) ? calls.length > 0 : calls !== undefined && calls !== null
}

/** Generated text of tool calls: names and arguments. The server adds the ids. */
function callsOf(value: unknown): string {
  if (!isPresent(value)) return ''
  const calls: readonly unknown[] = Array.isArray(value) ? value : [value]
  const parts = calls.flatMap(call => {
    const { name, arguments: given } = fieldsOf(fieldsOf(call).function ?? call)
    return [name, given].filter(part => typeof part === 'string')
  })
  return parts.join('')
}

/** Embeddings arrive at once. Nothing is generated, so there is no text, and the usage counts only the prompt. */
function readEmbeddings(root: Fields): Chunk {
  const data = Array.isArray(root.data) ? root.data : []
  const isWhole = data.length > 0 && data.every(one => isVector(fieldsOf(one).embedding))
  const { prompt_tokens: inputTokens } = fieldsOf(root.usage)
  const usage =
    typeof inputTokens === 'number' ? { inputTokens, outputTokens: -1, cachedTokens: -1, reasoningTokens: -1 } : null
  return { ...nothing, token: isWhole, finished: isWhole, usage }
}

/** A list of numbers, or their Base64 form (`encoding_format: base64`). */
function isVector(value: unknown): boolean {
  return (Array.isArray(value) && value.length > 0) || (typeof value === 'string' && value !== '')
}

function readResponses(root: Fields, eventType: string): Chunk {
  const type = typeof root.type === 'string' ? root.type : eventType
  if (type.endsWith('.delta') && typeof root.delta === 'string')
    return {
      ...nothing,
      token: root.delta !== '',
      text: root.delta,
      reasoningChars: isReasoning(type) ? root.delta.length : 0,
      key: 'delta',
    }
  const response = fieldsOf(root.response ?? root)
  const status = typeof response.status === 'string' ? response.status : ''
  const finished =
    type === 'response.completed' ||
    type === 'response.incomplete' ||
    (root.object === 'response' && (status === 'completed' || status === 'incomplete'))
  const text = root.object === 'response' ? outputText(response) : ''
  return {
    token: text !== '',
    text,
    reasoningChars: 0,
    key: 'several',
    finished,
    blankFinish: false,
    usage: usageOf(response.usage, 'input_tokens', 'output_tokens'),
    drafts: null,
    error: responseError(response, status),
  }
}

/** `response.reasoning_text.delta`, and the summary that replaces hidden reasoning. */
function isReasoning(type: string): boolean {
  return type.startsWith('response.reasoning')
}

function responseError(response: Fields, status: string): string | null {
  if (status === 'failed' || status === 'cancelled') return messageOf(response.error) ?? `the response is ${status}`
  const { reason } = fieldsOf(response.incomplete_details)
  if (typeof reason !== 'string' || reason === 'max_output_tokens') return null
  return `the response is incomplete: '${reason}'`
}

function outputText(response: Fields): string {
  const output = Array.isArray(response.output) ? response.output : []
  return output
    .flatMap(item => fieldsOf(item).content)
    .map(part => fieldsOf(part).text)
    .filter(text => typeof text === 'string')
    .join('')
}

/**
 * Errors inside HTTP 200, in any form: `{"error": …}`, `{"object": "error"}`, `event: error`, `{"errors": […]}`,
 * FastAPI's `{"detail": …}`, a bare `{"message": …, "code": 500}`, and that of the Responses API.
 */
function errorOf(root: Fields, type: string, api: Api): string | null {
  const found = ownError(root.error)
  if (found !== null) return found
  if (isErrorEvent(type) || saysError(root.type) || saysError(root.object) || saysError(root.status))
    return describe(root)
  if (Array.isArray(root.errors) && root.errors.length > 0) return messageOf(root.errors[0]) ?? describe(root)
  if (api === 'responses' || Array.isArray(root.choices)) return null
  const code = [root.code, root.status_code, root.status].some(value => Number(value) >= 400)
  const message = [root.message, root.detail, root.error_message].some(value => value !== undefined && value !== null)
  return code || message ? describe(root) : null
}

function saysError(value: unknown): boolean {
  return typeof value === 'string' && value.length === 5 && value.toLowerCase() === 'error'
}

/** Message of an `error` field; null if the field has no content. */
function ownError(error: unknown): string | null {
  if (error === undefined || error === null || error === false || error === '') return null
  return messageOf(error) ?? JSON.stringify(error)
}

function describe(root: Fields): string {
  const detail = root.detail ?? root.error_message
  return messageOf(root) ?? messageOf(detail) ?? messageOf(root.response) ?? JSON.stringify(root)
}

function messageOf(error: unknown): string | null {
  if (typeof error === 'string') return error
  const message = fieldsOf(error).message
  return typeof message === 'string' ? message : null
}

function usageOf(value: unknown, input: string, output: string): Usage | null {
  const usage = fieldsOf(value)
  const outputTokens = usage[output]
  if (typeof outputTokens !== 'number') return null
  const inputTokens = usage[input]
  // `prompt_tokens_details` of chat and completions, `input_tokens_details` of the Responses API.
  const { cached_tokens: cachedTokens } = fieldsOf(usage[`${input}_details`])
  // SGLang also writes it next to the counts.
  const { reasoning_tokens: reasoningTokens = usage.reasoning_tokens } = fieldsOf(usage[`${output}_details`])
  return {
    inputTokens: typeof inputTokens === 'number' ? inputTokens : -1,
    // −1 means that there is no usage, so a negative count must not look like it.
    outputTokens: outputTokens < 0 ? Number.NaN : outputTokens,
    cachedTokens: typeof cachedTokens === 'number' && cachedTokens >= 0 ? cachedTokens : -1,
    reasoningTokens: typeof reasoningTokens === 'number' && reasoningTokens >= 0 ? reasoningTokens : -1,
  }
}

/** Names of steps, drafted and accepted tokens: of vLLM, TensorRT-LLM and SGLang. None counts the step's own token. */
const draftNames = [
  ['num_spec_steps', 'num_draft_tokens', 'num_accepted_draft_tokens'],
  ['num_spec_steps', 'total_draft_tokens', 'total_accepted_draft_tokens'],
  ['spec_verify_ct', 'spec_num_proposed_drafts', 'spec_num_correct_drafts'],
] as const

/**
 * Speculative decoding of a request: vLLM's `metrics.speculative_decoding` (`--per-request-spec-decode-metrics`),
 * TensorRT-LLM's `choices[].speculative_decoding` (`per_request_spec_decode_stats`), SGLang's
 * `sglext.spec_tokens_details` (`return_spec_tokens_details` in the request). Null without any verified draft.
 */
function draftsOf(value: unknown): Drafts | null {
  if (value === undefined || value === null) return null
  const said = fieldsOf(value)
  for (const [stepsName, draftedName, acceptedName] of draftNames) {
    const { [stepsName]: steps, [draftedName]: drafted, [acceptedName]: accepted } = said
    if (isCount(steps) && isCount(drafted) && isCount(accepted) && steps > 0) return { steps, drafted, accepted }
  }
  return null
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}
