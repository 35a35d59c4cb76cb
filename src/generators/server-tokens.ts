import { z } from 'zod'
import { type Api, bearer, type Endpoint, FulcrumError, takesText } from '../model/index.ts'
import { apiPaths } from './request.ts'

/** Counts the tokens of prompts of one API by asking a running server. */
export interface ServerCounter {
  /** Scope of the counts: another server, model or API may count differently. */
  readonly of: { readonly url: string; readonly model: string; readonly form: 'text' | 'chat' }
  /**
   * Tokens of a prompt, template included.
   * @param said alternating messages of user and assistant; an API that takes text gets only the first
   * @throws FulcrumError environment `server-cannot-count`
   */
  count(said: readonly string[]): Promise<number>
}

/** Deadline for one count. */
const limitMs = 60_000

/** vLLM returns a number, SGLang a list of numbers for a list of prompts. */
const tokenized = z.looseObject({ count: z.union([z.int().positive(), z.tuple([z.int().positive()])]) })
const answered = z.looseObject({ usage: z.looseObject({ prompt_tokens: z.int().positive() }) })

/** A way to count: the path, the body for a prompt, and the count in the answer. */
interface Way {
  readonly path: string
  body(said: readonly string[]): object
  read(answer: unknown): number | null
}

const messagesOf = (said: readonly string[]) =>
  said.map((content, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content }))

/** `POST /tokenize` (vLLM, SGLang) first; otherwise the usage of an answer with one token (Dynamo). */
function waysOf(api: Api): readonly Way[] {
  const isText = takesText(api)
  const usage: Way['read'] = answer => answered.safeParse(answer).data?.usage.prompt_tokens ?? null
  const tokenize: Way = {
    path: '/tokenize',
    body: said => (isText ? { prompt: said[0] } : { messages: messagesOf(said) }),
    read: answer => [tokenized.safeParse(answer).data?.count].flat()[0] ?? null,
  }
  const one = { max_tokens: 1, stream: false }
  if (api === 'embeddings') return [tokenize, { path: apiPaths[api], body: said => ({ input: said[0] }), read: usage }]
  if (isText) return [tokenize, { path: apiPaths[api], body: said => ({ prompt: said[0], ...one }), read: usage }]
  return [tokenize, { path: apiPaths.chat, body: said => ({ messages: messagesOf(said), ...one }), read: usage }]
}

/**
 * Creates a counter. Its first count determines which way the server supports, and throws FulcrumError (environment,
 * `server-cannot-count`) if it supports none.
 */
export function serverCounter(
  endpoint: Endpoint,
  api: Api,
  apiKey: string | undefined,
  signal: AbortSignal,
): ServerCounter {
  const url = endpoint.url.replace(/\/+$/, '')
  const ask = async (way: Way, said: readonly string[]): Promise<number | string> => {
    try {
      const response = await fetch(url + way.path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...bearer(apiKey),
        },
        body: JSON.stringify({ model: endpoint.model, ...way.body(said) }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
      })
      if (response.ok) return way.read(await response.json()) ?? `${way.path} does not say a number of tokens`
      await response.body?.cancel()
      return `${way.path} answers HTTP ${response.status}`
    } catch (error) {
      signal.throwIfAborted()
      return `${way.path}: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  let way: Way | null = null
  const search = async (said: readonly string[]) => {
    const complaints: string[] = []
    for (const candidate of way === null ? waysOf(api) : [way]) {
      const count = await ask(candidate, said)
      if (typeof count === 'number') {
        way = candidate
        return count
      }
      complaints.push(count)
    }
    throw new FulcrumError(
      'environment',
      'server-cannot-count',
      `The server does not count the tokens of a prompt: ${complaints.join('; ')}`,
      {
        where: url,
        remedy: 'Write the folder of the model’s tokenizer, or its name on Hugging Face, as model.tokenizer.',
      },
    )
  }
  return { of: { url, model: endpoint.model, form: takesText(api) ? 'text' : 'chat' }, count: search }
}
