import { randomUUID } from 'node:crypto'
import type { FollowedVersion } from '../followed-version.ts'
import type { CompletionRequest } from './body.ts'

/** Text of every token. For the model's tokenizer it is one token, alone and when repeated. */
const tokenText = ' a'

/** Token counts of an answer, as in OpenAI's `usage`. */
export interface Usage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  /** Absent without reasoning. */
  readonly completion_tokens_details?: { readonly reasoning_tokens: number }
  readonly prompt_tokens_details?: { readonly audio_tokens?: null; readonly cached_tokens: number }
}

/** Text of the model and its finish reason, instead of filler up to the limit. */
export interface CompletionText {
  readonly text: string
  readonly ending: 'stop' | 'length'
}

/** Tokens of an answer, of which the first ones are reasoning. */
export interface AnswerTokens {
  readonly outputTokens: number
  readonly reasoningTokens: number
}

/** Tokens of one step of an answer, reasoning first. */
export interface StepTokens {
  readonly reasoning: number
  readonly answer: number
}

/** Formats one answer as the frontend of a version of Dynamo does. */
export interface ResponseFormat {
  /**
   * One server-sent event with the tokens of choice `index` from a step; one token without speculative decoding.
   * @param isFirst whether nothing of the choice was sent before
   */
  tokens(index: number, step: StepTokens, isFirst: boolean): string
  /** The event that ends choice `index`. */
  finish(index: number): string
  usage(usage: Usage): string
  readonly done: string
  /** The body of an answer that is not streamed. */
  whole(tokens: AnswerTokens, choices: number, usage: Usage, said?: CompletionText): string
}

const filler = ({ outputTokens, reasoningTokens }: AnswerTokens): CompletionText => ({
  text: tokenText.repeat(outputTokens - reasoningTokens),
  ending: 'length',
})

const event = (body: object) => `data: ${JSON.stringify(body)}\n\n`

interface Envelope {
  readonly id: string
  readonly created: number
  readonly model: string
}

/** The engine behind HTTP reuses no prompts. */
const nothingCached = { cached_tokens: 0 }

function chatFormat({ id, created, model }: Envelope, dynamo: FollowedVersion): ResponseFormat {
  const isOld = dynamo === '1.4.2'
  const body = (choices: readonly object[], object: string, usage: Usage | null) => {
    if (isOld) return { id, choices, created, model, service_tier: null, system_fingerprint: null, object, usage }
    const details = { prompt_tokens_details: nothingCached }
    return { id, choices, created, model, object, ...(usage === null ? {} : { usage: { ...usage, ...details } }) }
  }
  const role = { role: 'assistant' }
  const chunk = (choices: readonly object[], usage: Usage | null = null) =>
    event(body(choices, 'chat.completion.chunk', usage))
  return {
    tokens: (index, { reasoning, answer }, isFirst) => {
      const text = {
        ...(reasoning === 0 ? {} : { reasoning_content: tokenText.repeat(reasoning) }),
        ...(answer === 0 ? {} : { content: tokenText.repeat(answer) }),
      }
      const delta = isOld || isFirst ? { ...text, ...role } : text
      return chunk([{ index, delta, finish_reason: null, logprobs: null }])
    },
    finish: index => chunk([{ index, delta: isOld ? role : {}, finish_reason: 'length', logprobs: null }]),
    usage: usage => chunk([], usage),
    done: 'data: [DONE]\n\n',
    whole: (tokens, _choices, usage, said = filler(tokens)) => {
      const reasoning = tokens.reasoningTokens > 0 ? tokenText.repeat(tokens.reasoningTokens) : null
      const message = isOld
        ? { content: said.text, ...role, reasoning_content: reasoning }
        : {
            content: said.text,
            refusal: null,
            ...role,
            ...(reasoning === null ? {} : { reasoning_content: reasoning }),
          }
      const choice = { index: 0, message, finish_reason: said.ending, logprobs: null }
      return JSON.stringify(body([choice], 'chat.completion', usage))
    },
  }
}

function completionFormat({ id, created, model }: Envelope, dynamo: FollowedVersion): ResponseFormat {
  const details = dynamo === '1.4.2' ? {} : { prompt_tokens_details: { audio_tokens: null, ...nothingCached } }
  const body = (choices: readonly object[], said: Usage | null) => {
    const usage = said === null ? null : { ...said, ...details }
    return { id, choices, created, model, system_fingerprint: null, object: 'text_completion', usage }
  }
  return {
    tokens: (index, { reasoning, answer }) =>
      event(body([{ text: tokenText.repeat(reasoning + answer), index }], null)),
    finish: index => event(body([{ text: '', index, finish_reason: 'length' }], null)),
    usage: usage => event(body([], usage)),
    done: 'data: [DONE]\n\n',
    whole: (tokens, choices, usage, { text, ending } = filler(tokens)) => {
      const all = Array.from({ length: choices }, (_, index) => ({ text, index, finish_reason: ending }))
      return JSON.stringify(body(all, usage))
    },
  }
}

/** Number of dimensions of the vector; any will do. */
const dimensions = 16

function embeddingFormat(model: string): ResponseFormat {
  const none = () => ''
  return {
    ...{ tokens: none, finish: none, usage: none, done: '' },
    whole: (_tokens, choices, { prompt_tokens }) => {
      const embedding = Array.from({ length: dimensions }, () => dimensions ** -0.5)
      const data = Array.from({ length: choices }, (_, index) => ({ object: 'embedding', index, embedding }))
      return JSON.stringify({ object: 'list', data, model, usage: { prompt_tokens, total_tokens: prompt_tokens } })
    },
  }
}

/** Creates the format of one answer, with an id and a time of its own. */
export function responseFormat(api: CompletionRequest['api'], model: string, dynamo: FollowedVersion): ResponseFormat {
  const created = Math.floor(Date.now() / 1000)
  if (api === 'embeddings') return embeddingFormat(model)
  return api === 'chat'
    ? chatFormat({ id: `chatcmpl-${randomUUID()}`, created, model }, dynamo)
    : completionFormat({ id: `cmpl-${randomUUID()}`, created, model }, dynamo)
}
