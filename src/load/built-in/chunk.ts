import type { Api } from '../../point/index.ts'

/** What one streamed event, or a whole answer, says. */
export interface Chunk {
  /** New text, reasoning included; empty for role-only, finish-only and usage-only chunks, which are no tokens. */
  readonly text: string
  /** JSON key that held the text: what {@link Template} looks for. */
  readonly key: string
  /** Whether this says that the answer is at its end. */
  readonly finished: boolean
  readonly usage: Usage | null
  /** The server's own error inside HTTP 200. */
  readonly error: string | null
}

/** Token counts of the server. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
}

type Fields = { readonly [key: string]: unknown }

/** Reads the JSON of one event of a stream, or of an answer that came whole. */
export function readChunk(api: Api, type: string, value: unknown): Chunk {
  const root = fieldsOf(value)
  const error = errorOf(root, type)
  if (error !== null) return { text: '', key: '', finished: false, usage: null, error }
  return api === 'responses' ? readResponses(root, type) : readChoices(root)
}

/** Keys under which chat chunks carry generated text: DeepSeek and SGLang write `reasoning_content`, vLLM `reasoning`. */
const textKeys = ['content', 'reasoning_content', 'reasoning', 'refusal']

function readChoices(root: Fields): Chunk {
  let text = ''
  let key = ''
  let finished = false
  const choices = Array.isArray(root.choices) ? root.choices : []
  for (const one of choices) {
    const choice = fieldsOf(one)
    if (typeof choice.finish_reason === 'string') finished = true
    const holder = choice.delta ?? choice.message
    if (typeof holder === 'object' && holder !== null) {
      const fields = fieldsOf(holder)
      for (const candidate of textKeys) {
        const found = fields[candidate]
        if (typeof found !== 'string' || found === '') continue
        text += found
        key = key === '' ? candidate : 'several'
      }
      if (Array.isArray(fields.tool_calls) && fields.tool_calls.length > 0) {
        text += JSON.stringify(fields.tool_calls)
        key = 'several'
      }
    } else if (typeof choice.text === 'string' && choice.text !== '') {
      text += choice.text
      key = key === '' ? 'text' : 'several'
    }
  }
  return { text, key, finished, usage: usageOf(root.usage, 'prompt_tokens', 'completion_tokens'), error: null }
}

function readResponses(root: Fields, eventType: string): Chunk {
  const type = typeof root.type === 'string' ? root.type : eventType
  if (type.endsWith('.delta') && typeof root.delta === 'string') {
    return { text: root.delta, key: 'delta', finished: false, usage: null, error: null }
  }
  const response = fieldsOf(root.response ?? root)
  const status = typeof response.status === 'string' ? response.status : ''
  const finished =
    type === 'response.completed' ||
    type === 'response.incomplete' ||
    (root.object === 'response' && (status === 'completed' || status === 'incomplete'))
  return {
    text: root.object === 'response' ? outputText(response) : '',
    key: 'several',
    finished,
    usage: usageOf(response.usage, 'input_tokens', 'output_tokens'),
    error: status === 'failed' ? (messageOf(response.error) ?? 'the response failed') : null,
  }
}

function outputText(response: Fields): string {
  const output = Array.isArray(response.output) ? response.output : []
  return output
    .flatMap(item => fieldsOf(item).content)
    .map(part => fieldsOf(part).text)
    .filter(text => typeof text === 'string')
    .join('')
}

/** Errors inside a stream: `{"error": …}`, `event: error`, and the Responses API's own. */
function errorOf(root: Fields, type: string): string | null {
  if (root.error !== undefined && root.error !== null) return messageOf(root.error) ?? JSON.stringify(root.error)
  if (type === 'error' || root.type === 'error') return messageOf(root) ?? JSON.stringify(root)
  return null
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
  return { inputTokens: typeof inputTokens === 'number' ? inputTokens : 0, outputTokens }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}
