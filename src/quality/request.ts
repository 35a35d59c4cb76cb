import { z } from 'zod'
import { apiPaths } from '../generators/request.ts'
import type { Api, Endpoint, Json } from '../model/index.ts'
import type { Turn } from './questions.ts'

/** What all questions of a check have in common. */
export interface Putting {
  readonly api: Api
  readonly model: string
  readonly maxTokens: number
  readonly system: string | null
  readonly extra: { readonly [field: string]: Json }
}

/** URL for questions. */
export function questionUrl(endpoint: Endpoint, api: Api): string {
  return `${endpoint.url.replace(/\/+$/, '')}${apiPaths[api]}`
}

/**
 * The request body of a question: greedy, and free to end where the model ends. Fields of `extra` override the others.
 */
export function questionBody(turns: readonly Turn[], { api, model, maxTokens, system, extra }: Putting): string {
  const asked: readonly Turn[] = system === null ? turns : [{ role: 'system', content: system }, ...turns]
  const fields = { model, stream: false, temperature: 0, ...extra }
  switch (api) {
    case 'chat':
      return JSON.stringify({ messages: asked, max_tokens: maxTokens, ...fields })
    case 'completions':
      return JSON.stringify({
        prompt: asked.map(({ content }) => content).join('\n\n'),
        max_tokens: maxTokens,
        ...fields,
      })
    case 'responses':
      return JSON.stringify({ input: asked, max_output_tokens: maxTokens, ...fields })
    case 'embeddings':
      throw new RangeError('the embeddings API answers no questions')
  }
}

/** Text of an answer, and whether the token limit ended it. */
export interface AnswerText {
  readonly text: string
  readonly truncated: boolean
}

const chat = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({ content: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
})
const completions = z.looseObject({
  choices: z.array(z.looseObject({ text: z.string(), finish_reason: z.string().nullish() })).min(1),
})
const responses = z.looseObject({
  status: z.string().optional(),
  output: z.array(
    z.looseObject({
      type: z.string(),
      content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })).nullish(),
    }),
  ),
})

/** Reads the body of an answer; null if it is not one. If the model only reasoned, the answer is empty. */
export function readAnswer(body: string, api: Api): AnswerText | null {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return null
  }
  if (api === 'chat') {
    const [choice] = chat.safeParse(value).data?.choices ?? []
    return choice === undefined
      ? null
      : { text: choice.message.content ?? '', truncated: choice.finish_reason === 'length' }
  }
  if (api === 'completions') {
    const [choice] = completions.safeParse(value).data?.choices ?? []
    return choice === undefined ? null : { text: choice.text, truncated: choice.finish_reason === 'length' }
  }
  const read = responses.safeParse(value).data
  if (read === undefined) return null
  const texts = read.output
    .filter(({ type }) => type === 'message')
    .flatMap(({ content }) => (content ?? []).map(({ text = '' }) => text))
  return { text: texts.join(''), truncated: read.status === 'incomplete' }
}
