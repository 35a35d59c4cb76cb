import { FulcrumError, type Point } from '../model/index.ts'
import { userCacheFolder } from './cache.ts'
import { promptJson } from './prompt-set.ts'
import { createPromptSet } from './prompts.ts'

/** Prompt of one request as text. */
export interface PromptText {
  readonly text: string
  /** Tokens that the server should count (`usage.prompt_tokens`), including the chat template for the chat API. */
  readonly inputTokens: number
  /** Tokens to request. */
  readonly outputTokens: number
}

/**
 * Distinct prompts of a point (`load.dataset` of them), the same on every machine.
 * @throws FulcrumError bad-input as {@link createPromptSet}, or `prompt-no-text` for a dataset whose rows are whole
 *   conversations
 */
export async function promptTextsOf(point: Point, signal: AbortSignal): Promise<readonly PromptText[]> {
  const { load, workload, deployment, id, repeat } = point
  const set = await createPromptSet({
    ...{ model: deployment.model, api: load.api, workload, count: load.dataset, seed: load.seed },
    salt: `${id}/${repeat}`,
    cacheFolder: userCacheFolder(process.env),
    signal,
  })
  return Array.from({ length: set.count }, (_, index) => ({
    text: textIn(JSON.parse(Buffer.from(promptJson(set, index)).toString())),
    inputTokens: set.inputTokens[index] ?? 0,
    outputTokens: set.outputTokens[index] ?? 0,
  }))
}

function textIn(prompt: unknown): string {
  if (typeof prompt === 'string') return prompt
  const [message, ...more] = Array.isArray(prompt) ? (prompt as readonly { readonly content?: unknown }[]) : []
  if (more.length === 0 && typeof message?.content === 'string') return message.content
  throw new FulcrumError('bad-input', 'prompt-no-text', 'A prompt of several messages is not a single text', {
    remedy: 'Use a generator that sends messages, or a workload without a dataset.',
  })
}

/** One prompt per request; prompts repeat if there are fewer. */
export const comingRound = (distinct: readonly PromptText[], requests: number): readonly PromptText[] =>
  Array.from({ length: requests }, (_, index) => distinct[index % distinct.length]).flatMap(prompt => prompt ?? [])
