import type { ServerResponse } from 'node:http'
import type { Engine } from '../engine.ts'
import type { FollowedVersion } from '../followed-version.ts'
import type { EngineRequest } from '../request.ts'
import { engineRequest } from '../request.ts'
import type { Drive } from '../wall-clock.ts'
import type { CompletionRequest, Prompt, Refusal } from './body.ts'
import { knownAnswer } from './known-answer.ts'
import type { FrontendMetrics } from './metrics.ts'
import { guessedShare, wordsIn } from './prompt-lookup.ts'
import type { CompletionText, ResponseFormat, StepTokens, Usage } from './response-format.ts'
import { responseFormat } from './response-format.ts'
import type { TokenCounter } from './token-counter.ts'

/** Dependencies for serving completions. */
export interface Serving {
  readonly engine: Engine
  readonly drive: Drive
  readonly tokens: TokenCounter
  readonly metrics: FrontendMetrics
  readonly model: string
  readonly dynamo: FollowedVersion
  /** Share of known questions that get a wrong answer, 0–1. */
  readonly errorRate: number
  /** Share of the tokens of a chat answer that are reasoning, 0–1. */
  readonly reasoningShare: number
  /** Whether the acceptance of drafts is derived from each prompt. */
  readonly isAcceptanceByPrompt: boolean
}

function usageOf(promptTokens: readonly number[], outputTokens: number, reasoningTokens: number): Usage {
  const prompt = promptTokens.reduce((sum, tokens) => sum + tokens, 0)
  const completion = outputTokens * promptTokens.length
  return {
    ...{ prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
    ...(reasoningTokens === 0 ? {} : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  }
}

/** Number of reasoning tokens in an answer of the given length. */
const reasoningOf = (outputTokens: number, { reasoningShare }: Serving) => Math.round(outputTokens * reasoningShare)

async function countPrompts(request: CompletionRequest, tokens: TokenCounter): Promise<number[]> {
  const countOne = async (prompt: Prompt) => {
    if (prompt.kind === 'tokens') return prompt.ids.length
    const counts = await Promise.all(prompt.texts.map(tokens.count))
    return counts.reduce((sum, count) => sum + count, prompt.templateTokens)
  }
  return Promise.all(request.prompts.map(countOne))
}

/** Length of a prompt's end to examine, in tokens and in characters: at most two milliseconds on the event loop. */
const lookedAt = { tokens: 1000, characters: 4000 }

/** Share of the prompt that a drafter using prompt lookup would guess correctly. */
function acceptanceOf(prompt: Prompt | undefined): number {
  if (prompt === undefined) return 0
  if (prompt.kind === 'tokens') return guessedShare(prompt.ids.slice(-lookedAt.tokens))
  return guessedShare(wordsIn(prompt.texts.join('\n').slice(-lookedAt.characters)))
}

/** Writes an answer as its tokens arrive. The last token, the end, the usage and `[DONE]` go out in one write. */
function streamTo(
  response: ServerResponse,
  format: ResponseFormat,
  request: CompletionRequest & { readonly reasoningTokens: number },
  usage: Usage,
  onEnd: () => void,
) {
  let open = request.prompts.length
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  return (index: number) => {
    // Caches texts by token count, which never change within an answer.
    const chunks = new Map<string, Buffer>()
    const chunkOf = (step: StepTokens, isFirst: boolean) => {
      const key = `${step.reasoning} ${step.answer} ${isFirst}`
      const made = chunks.get(key) ?? Buffer.from(format.tokens(index, step, isFirst))
      chunks.set(key, made)
      return made
    }
    let left = request.outputTokens
    let reasoningLeft = request.reasoningTokens
    return (tokens: number) => {
      const reasoning = Math.min(tokens, reasoningLeft)
      const step = { reasoning, answer: tokens - reasoning }
      const isFirst = left === request.outputTokens
      left -= tokens
      reasoningLeft -= reasoning
      if (left > 0) {
        response.write(chunkOf(step, isFirst))
        return
      }
      open -= 1
      const ending = open === 0 ? `${request.includeUsage ? format.usage(usage) : ''}${format.done}` : ''
      response.write(format.tokens(index, step, isFirst) + format.finish(index) + ending)
      if (open === 0) onEnd()
    }
  }
}

/** The model's text for a single question that it knows, and its tokens; null if the answer is filler. */
async function saidTo(
  { prompts, stream, mayEnd, outputTokens }: CompletionRequest,
  { tokens, errorRate }: Serving,
): Promise<{ readonly said: CompletionText; readonly tokens: number } | null> {
  const [prompt] = prompts
  if (stream || !mayEnd || prompts.length !== 1 || prompt?.kind !== 'text') return null
  const text = knownAnswer(prompt.texts.at(-1) ?? '', errorRate)
  if (text === null) return null
  const needed = Math.max(1, await tokens.count(text))
  if (needed > outputTokens)
    return { said: { text: text.slice(0, outputTokens), ending: 'length' }, tokens: outputTokens }
  return { said: { text, ending: 'stop' }, tokens: needed }
}

function answerWhole(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

/**
 * Answers one completion request that arrived at `arrivedMs`.
 *
 * A separate thread counts the prompt's tokens while the simulated prefill already runs. The engine accepts the request
 * as of its arrival, so counting takes no simulated time unless it takes longer than the prefill.
 * @returns a refusal if nothing was written yet
 */
export async function serveCompletion(
  asked: CompletionRequest,
  response: ServerResponse,
  arrivedMs: number,
  serving: Serving,
): Promise<Refusal | null> {
  const { engine, drive, metrics } = serving
  const promptTokens = await countPrompts(asked, serving.tokens)
  const known = await saidTo(asked, serving)
  const reasoningTokens = asked.api === 'chat' && known === null ? reasoningOf(asked.outputTokens, serving) : 0
  const request = { ...asked, outputTokens: known?.tokens ?? asked.outputTokens, reasoningTokens }
  if (response.destroyed) return null
  const usage = usageOf(promptTokens, request.outputTokens, reasoningTokens)
  const format = responseFormat(request.api, request.adapter ?? serving.model, serving.dynamo)
  const submitted: EngineRequest[] = []
  let finished = 0
  let writer: ((index: number) => (tokens: number) => void) | null = null

  function onFinish(done: EngineRequest): void {
    finished += 1
    if (finished < promptTokens.length) return
    metrics.ended('success', done)
    if (!request.stream) answerWhole(response, format.whole(request, promptTokens.length, usage, known?.said))
  }

  metrics.started()
  for (const [index, tokens] of promptTokens.entries()) {
    let write: ((tokens: number) => void) | null = null
    const onToken = request.stream
      ? (_atMs: number, count: number) => {
          writer ??= streamTo(response, format, request, usage, () => response.end())
          write ??= writer(index)
          write(count)
        }
      : null
    const one = engineRequest({
      promptTokens: tokens,
      outputTokens: request.outputTokens,
      arrivedMs,
      acceptance: serving.isAcceptanceByPrompt ? acceptanceOf(request.prompts[index]) : null,
      onToken,
      onFinish,
    })
    const refused = engine.submit(one)
    if (refused !== null) {
      for (const other of submitted) engine.cancel(other)
      metrics.ended('error', null)
      return refused.kind === 'unavailable'
        ? { status: 503, message: refused.message }
        : { status: 400, message: `Validation: ${refused.message}` }
    }
    submitted.push(one)
  }
  response.on('close', () => {
    if (finished === promptTokens.length) return
    for (const one of submitted) engine.cancel(one)
    metrics.ended('cancelled', null)
    drive.wake()
  })
  drive.wake()
  return null
}
