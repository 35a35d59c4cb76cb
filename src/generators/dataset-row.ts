import { z } from 'zod'
import { type Api, generates, takesText } from '../model/index.ts'
import type { ChatMessage } from './tokenizer.ts'

/** One request of a dataset file. */
export interface DatasetEntry {
  /** From 1. */
  readonly line: number
  /** Their text, which the tokenizer counts. */
  readonly messages: readonly ChatMessage[]
  /** The messages as sent, if they have images; absent if they consist of text. */
  readonly parts?: readonly MessageOfParts[]
  /** Whether the file has a bare prompt, which any API accepts. */
  readonly plain: boolean
  /** The recorded answer, to count its tokens; null without one. */
  readonly answer: string | null
  /** Output tokens in the file; null if there are none. */
  readonly outputTokens: number | null
}

/** A chat message with images: text as a string, or text and images as OpenAI's content parts. */
export interface MessageOfParts {
  readonly role: string
  readonly content: string | readonly ContentPart[]
}

type ContentPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string; readonly detail?: string } }

/** Format of a row. */
export type RowKind =
  | 'prompts'
  | 'messages'
  | 'messages with images'
  | 'ShareGPT conversations'
  | 'generator inputs'
  | 'OpenAI batch requests'

/** A row that can be sent, or the problem and the key that has it. */
export type DatasetRow =
  | { readonly kind: RowKind; readonly entry: Omit<DatasetEntry, 'line'> }
  | { readonly why: string; readonly key?: string }

const record = z.record(z.string(), z.unknown())
type Fields = z.infer<typeof record>

/**
 * Reads a row: `messages`, `prompt`, genai-perf's and AIPerf's `text_input`, `text`, `texts`, `turns`, `payload` and
 * `payloads`, ShareGPT's `conversations`, the `body` of an OpenAI batch request, or a bare string. A recorded answer is
 * not sent. Only the part before it is, and the answer's length becomes the OSL. Each payload of a session is a
 * separate row.
 */
export function readRow(value: unknown, api: Api): readonly DatasetRow[] {
  if (typeof value === 'string') return [promptRow(value, 'prompt', null)]
  if (Array.isArray(value)) return [messagesRow(value, 'messages', 'messages', null, api)]
  const parsed = record.safeParse(value)
  if (!parsed.success) return [{ why: `a row is ${value === null ? 'null' : `a ${typeof value}`}, not an object` }]
  const fields = parsed.data
  for (const key of ['payload', 'payloads']) {
    const payloads = fields[key]
    if (!Array.isArray(payloads)) continue
    if (payloads.length === 0) return [{ why: `${key} is empty`, key }]
    return payloads.flatMap(payload => readRow(payload, api)).map(row => asInput(row))
  }
  if (fields.custom_id !== undefined && fields.body !== undefined) return [batchRow(fields, api)]
  const tokens = outputTokensOf(fields)
  return [typeof tokens === 'object' && tokens !== null ? tokens : rowOf(fields, tokens, api)]
}

/** A line of an OpenAI batch file: the body of a request, which sets its own length. */
function batchRow({ url, body }: Fields, api: Api): DatasetRow {
  const parsed = record.safeParse(body)
  if (!parsed.success) return { why: `body is ${kindOf(body)}, not an object`, key: 'body' }
  const isOther = generates(api) || !/\/embeddings$/.test(typeof url === 'string' ? url : '')
  if (isOther && typeof url === 'string' && !/\/(chat\/completions|completions|responses)$/.test(url))
    return { why: `it asks ${url}, which is not an API that generates answers`, key: 'url' }
  const { tools, input } = parsed.data
  if (Array.isArray(tools) && tools.length > 0) return { why: 'body has tools', key: 'tools' }
  const fields =
    input === undefined ? parsed.data : { ...parsed.data, [Array.isArray(input) ? 'messages' : 'prompt']: input }
  const tokens = outputTokensOf(fields)
  const row = typeof tokens === 'object' && tokens !== null ? tokens : rowOf(fields, tokens, api)
  return 'why' in row ? row : { ...row, kind: 'OpenAI batch requests' }
}

const asInput = (row: DatasetRow): DatasetRow => ('why' in row ? row : { ...row, kind: 'generator inputs' })

/** Keys of AIPerf's rows whose content is more than text. */
const mediaKeys = ['image', 'images', 'audio', 'audios', 'video', 'videos']
const isSaid = (value: unknown) =>
  value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)

const promptKeys = ['prompt', 'text_input', 'text', 'texts', 'turns']

function rowOf(fields: Fields, tokens: number | null, api: Api): DatasetRow {
  if (fields.messages !== undefined) {
    if (!Array.isArray(fields.messages)) return { why: 'messages is not a list', key: 'messages' }
    return messagesRow(fields.messages, 'messages', 'messages', tokens, api)
  }
  for (const key of ['conversations', 'conversation']) {
    const turns = fields[key]
    if (turns === undefined) continue
    if (!Array.isArray(turns)) return { why: `${key} is not a list`, key }
    return messagesRow(turns, key, 'ShareGPT conversations', tokens, api)
  }
  const medium = mediaKeys.find(name => isSaid(fields[name]))
  if (medium !== undefined)
    return { why: `it has ${medium} beside its text; Fulcrum sends images as parts of messages`, key: medium }
  const key = promptKeys.find(name => fields[name] !== undefined)
  if (key !== undefined) return promptRow(fields[key], key, tokens)
  const keys = Object.keys(fields)
  return { why: `the line has neither messages nor a prompt${keys.length === 0 ? '' : `: its keys are ${few(keys)}`}` }
}

function promptRow(value: unknown, key: string, outputTokens: number | null): DatasetRow {
  // AIPerf and genai-perf write one text as a list of one. Of several turns, only the first can be sent.
  const [only, ...more] = Array.isArray(value) ? value : [value]
  if (more.length > 0 && key !== 'turns') return { why: `${key} is a list of ${more.length + 1}, not one text`, key }
  const inner = record.safeParse(only)
  const innerKey = inner.success ? [...promptKeys, 'contents'].find(name => inner.data[name] !== undefined) : undefined
  if (inner.success && innerKey !== undefined) return promptRow(inner.data[innerKey], key, outputTokens)
  if (typeof only !== 'string') return { why: `${key}: it is ${kindOf(only)}, not a string`, key }
  if (only.trim() === '') return { why: `${key} is empty`, key }
  return {
    kind: 'prompts',
    entry: { messages: [{ role: 'user', content: only }], plain: true, answer: null, outputTokens },
  }
}

/**
 * Names of speakers in datasets, with the chat API's role. Tools are not sent, because their calls are not; other
 * speakers are not, because no server accepts them.
 */
const roles: Readonly<Record<string, string>> = {
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  chatgpt: 'assistant',
  assistant: 'assistant',
  model: 'assistant',
  system: 'system',
  developer: 'developer',
}

function messagesRow(
  turns: readonly unknown[],
  key: string,
  kind: RowKind,
  outputTokens: number | null,
  api: Api,
): DatasetRow {
  const said: (ChatMessage & { readonly parts?: readonly ContentPart[] })[] = []
  const shareGpt = kind === 'ShareGPT conversations'
  for (const [index, turn] of turns.entries()) {
    const place = `${key}[${index}]`
    const fields = record.safeParse(turn)
    if (!fields.success) return { why: `${place} is ${kindOf(turn)}, not a turn`, key }
    const speaker = fields.data.role ?? fields.data.from
    if (typeof speaker !== 'string') return { why: `${place} does not name the speaker`, key }
    const word = speaker.trim().toLowerCase()
    const role = Object.hasOwn(roles, word) ? roles[word] : undefined
    if (word === 'tool' || word === 'function') return { why: `${place} is the result of a tool`, key }
    if (role === undefined) {
      return { why: `${place} is a turn of ${JSON.stringify(speaker)}, which no chat API accepts as a role`, key }
    }
    if (fields.data.tool_calls !== undefined && fields.data.tool_calls !== null) {
      return { why: `${place} calls tools`, key }
    }
    const content = contentOf(fields.data.content ?? fields.data.value ?? fields.data.text, place)
    if ('why' in content) return { ...content, key }
    if (content.parts !== undefined && role === 'assistant') return { why: `${place} is an answer with an image`, key }
    said.push({ role, ...content })
    // In ShareGPT conversations, turns after the first answer are not sent.
    if (shareGpt && role === 'assistant') break
  }
  // Several answers at the end count as one. Otherwise, the request would end with an answer and ask the model to
  // continue it.
  const answered = said.splice(said.findLastIndex(({ role }) => role !== 'assistant') + 1)
  const first = said.find(({ role }) => role === 'user' || role === 'assistant')
  if (first?.role === 'assistant' || (first === undefined && answered.length > 0)) {
    return { why: "it begins with the model's turn", key }
  }
  if (first === undefined) return { why: `${key} has no turn of a user`, key }
  const silent = said.find(
    ({ role, content, parts }) => role === 'user' && parts === undefined && content.trim() === '',
  )
  if (silent !== undefined) return { why: `a turn of the user in ${key} is empty`, key }
  const plain = shareGpt && said.length === 1
  if (takesText(api) && !plain) return { why: `the ${api} API does not accept messages` }
  const answer = answered.length === 0 ? null : answered.map(({ content }) => content).join('\n')
  if (said.every(({ parts }) => parts === undefined))
    return { kind, entry: { messages: said, plain, answer, outputTokens } }
  if (api !== 'chat') return { why: `it has an image, which Fulcrum sends with the chat API; write api: chat`, key }
  const messages = said.map(({ role, content }) => ({ role, content }))
  const parts = said.map(({ role, content, parts: own }) => ({ role, content: own ?? content }))
  return { kind: 'messages with images', entry: { messages, parts, plain: false, answer, outputTokens } }
}

/**
 * Content of a turn: a string, or parts. Parts with only text are joined, one per line as servers do. With images, the
 * parts are sent unchanged.
 */
function contentOf(
  value: unknown,
  place: string,
): { content: string; parts?: readonly ContentPart[] } | { why: string } {
  if (typeof value === 'string') return { content: value }
  if (!Array.isArray(value)) return { why: `${place} has ${kindOf(value)} as its content` }
  const parts: ContentPart[] = []
  for (const part of value) {
    if (typeof part === 'string') {
      parts.push({ type: 'text', text: part })
      continue
    }
    const fields = record.safeParse(part)
    if (fields.success && fields.data.type === 'image_url') {
      const image = imageOf(fields.data.image_url, place)
      if ('why' in image) return image
      parts.push(image)
      continue
    }
    const text = fields.success ? fields.data.text : undefined
    if (typeof text !== 'string') {
      const type = fields.success && typeof fields.data.type === 'string' ? fields.data.type : kindOf(part)
      return { why: `${place} has a part that is not text (${type}), which Fulcrum does not send` }
    }
    parts.push({ type: 'text', text })
  }
  const content = parts.flatMap(part => (part.type === 'text' ? [part.text] : [])).join('\n')
  return parts.some(({ type }) => type === 'image_url') ? { content, parts } : { content }
}

/** An image that the request itself contains. */
function imageOf(value: unknown, place: string): ContentPart | { why: string } {
  const fields = record.safeParse(value)
  const url = fields.success ? fields.data.url : value
  if (typeof url !== 'string') return { why: `${place} has an image without a url` }
  if (!/^data:image\/[\w.+-]+;base64,[A-Za-z0-9+/]+={0,2}$/.test(url)) {
    return {
      why: url.startsWith('data:')
        ? `${place} has an image that is not a data:image/…;base64 URL`
        : `${place} has an image at ${JSON.stringify(url.slice(0, 60))}, which the server would fetch while it is measured; put it into the file as a data:image/…;base64 URL`,
    }
  }
  const detail = fields.success ? fields.data.detail : undefined
  return { type: 'image_url', image_url: { url, ...(typeof detail === 'string' ? { detail } : {}) } }
}

const outputKeys = ['output_tokens', 'output_length', 'max_tokens', 'max_completion_tokens', 'max_output_tokens']

function outputTokensOf(fields: Fields): number | null | { why: string; key: string } {
  const key = outputKeys.find(name => fields[name] !== undefined && fields[name] !== null)
  if (key === undefined) return null
  const value = fields[key]
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= mostTokens) return value
  return { why: `${key} is ${JSON.stringify(value)}, which is not a number of tokens`, key }
}

/** The maximum length in a workload. */
const mostTokens = 10_000_000

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function few(keys: readonly string[]): string {
  const shown = keys.slice(0, 5).map(key => JSON.stringify(key.slice(0, 30)))
  return `${shown.join(', ')}${keys.length > shown.length ? ', …' : ''}`
}
