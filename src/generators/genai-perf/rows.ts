import { arrivalsOf } from '../../metrics/arrivals.ts'
import type { Measurement, TokenCounts } from '../../metrics/measurement.ts'
import { tokenSourceOf } from '../../metrics/token-counts.ts'
import type { Api } from '../../model/index.ts'
import { cutMessage, usualEnds } from '../built-in/answer-ends.ts'
import { firstChunkTokens, isBelieved } from '../built-in/usage-state.ts'
import type { Row } from '../programs/rows.ts'
import type { OwnFigures } from './own-figures.ts'
import type { ParsedResponse } from './response.ts'

/** An answer and its prompt. */
export interface PromptedResponse extends ParsedResponse {
  readonly prompt: string
}

/** Answers as rows, and the source of their token counts. */
export interface CountedRows {
  readonly rows: readonly Row[]
  readonly tokenSource: Measurement['tokenSource']
  readonly tokenCounts: TokenCounts
}

/**
 * Rows of perf_analyzer's answers. Token counts come from the server's usage if plausible. Otherwise the tokenizer
 * counts each answer by itself without special tokens, as genai-perf does. If genai-perf's summary shows the same
 * length for all requests, that length is used.
 */
export function rowsOf(
  answers: readonly PromptedResponse[],
  own: OwnFigures | null,
  countTokens: (text: string) => number,
): CountedRows {
  const input = oneLength(own?.input_sequence_length)
  const output = oneLength(own?.output_sequence_length)
  const ended = answers.filter(answer => answer.failure === null)
  const usual = usualEnds(
    ended.length,
    ended.map(answer => answer.ending),
  )
  const counts = { usage: 0, tokenizer: 0, chunks: 0, missing: 0, early: 0, impossible: 0, noPromptTokens: 0 }
  const rows = answers.map((answer): Row => {
    const { usage, chunkMs, firstText } = answer
    const [first, second] = chunkMs
    const chunks = chunkMs.length
    const cut = answer.failure === null ? cutMessage(answer.ending, usual, chunks) : null
    const failure = cut === null ? answer.failure : ({ kind: 'broken-stream', message: cut } as const)
    const { tokens, state } = outputTokensOf(answer, output, countTokens)
    const prompt = usage?.inputTokens ?? -1
    if (failure === null) {
      counts[state === 'said' ? 'usage' : 'tokenizer'] += 1
      if (state !== 'said') counts[state] += 1
      if (prompt !== -1 && !(prompt > 0)) counts.noPromptTokens += 1
    }
    const counted = tokens > chunks && answer.firstTokens === 0 && firstText !== '' ? countTokens(firstText) : null
    return {
      scheduledMs: answer.sentMs,
      sentMs: answer.sentMs,
      firstTokenMs: first ?? Number.NaN,
      secondTokenMs: second ?? Number.NaN,
      lastTokenMs: chunkMs.at(-1) ?? Number.NaN,
      doneMs: answer.doneMs,
      inputTokens: prompt > 0 ? prompt : (input ?? countTokens(answer.prompt)),
      outputTokens: tokens,
      ...(usage === null || usage.cachedTokens < 0 ? {} : { cachedTokens: usage.cachedTokens }),
      chunks,
      // Usually one token per chunk, which needs no tokenizer.
      firstChunkTokens: firstChunkTokens(tokens, chunks, answer.firstTokens, counted),
      ...(chunks > 0 ? { arrivals: arrivalsOf(gapsOf(answer)) } : {}),
      failure,
    }
  })
  return { rows, tokenSource: answers.length > 0 ? tokenSourceOf(counts) : 'tokenizer', tokenCounts: counts }
}

/** Tokens of an answer, and why they are not the server's count. */
function outputTokensOf(answer: PromptedResponse, known: number | null, countTokens: (text: string) => number) {
  const { usage, usageState, text } = answer
  const stated = usage?.outputTokens ?? 0
  if (usageState === 'said') return { tokens: stated, state: usageState }
  const counted = known ?? countTokens(text)
  if (usageState !== 'doubtful') return { tokens: counted, state: usageState }
  return isBelieved(stated, counted)
    ? ({ tokens: stated, state: 'said' } as const)
    : ({ tokens: counted, state: 'impossible' } as const)
}

/** Gaps between the chunks of all answers. */
export function chunkGaps(answers: readonly ParsedResponse[]): Float64Array {
  const answered = answers.filter(answer => answer.failure === null)
  const gaps = new Float64Array(answered.reduce((sum, { chunkMs }) => sum + Math.max(0, chunkMs.length - 1), 0))
  let at = 0
  for (const answer of answered) for (const gapMs of gapsOf(answer)) gaps[at++] = gapMs
  return gaps
}

const gapsOf = ({ chunkMs }: ParsedResponse) => chunkMs.slice(1).map((atMs, index) => atMs - (chunkMs[index] ?? 0))

/** Prompt as genai-perf counts it: the content of all messages, or the prompt, without the chat template. */
export function promptOf(payload: string, api: Api): string {
  const body = JSON.parse(payload) as { messages?: readonly { content?: unknown }[]; prompt?: unknown }
  if (api === 'chat') return (body.messages ?? []).map(message => String(message.content ?? '')).join(' ')
  return Array.isArray(body.prompt) ? body.prompt.join(' ') : String(body.prompt ?? '')
}

function oneLength(figures: { readonly min: number; readonly max: number } | undefined): number | null {
  return figures !== undefined && figures.min === figures.max ? figures.min : null
}
