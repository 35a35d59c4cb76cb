import type { Measurement } from '../../metrics/measurement.ts'
import type { Api } from '../../point/index.ts'
import type { Row } from '../programs/rows.ts'
import type { Answer } from './answer.ts'
import type { OwnFigures } from './own-figures.ts'

/** An answer, and the prompt that it answers. */
export interface PromptedAnswer extends Answer {
  readonly prompt: string
}

/** Answers as rows, and where their token counts come from. */
export interface CountedRows {
  readonly rows: readonly Row[]
  readonly tokenSource: Measurement['tokenSource']
}

/**
 * Rows of perf_analyzer's answers. Tokens are counted by the server's usage where every answer has it; else by the
 * tokenizer, without special tokens, as genai-perf does. Where genai-perf's summary says that all requests have one length, that is taken.
 */
export function rowsOf(
  answers: readonly PromptedAnswer[],
  own: OwnFigures | null,
  countTokens: (text: string) => number,
): CountedRows {
  const usage = answers.every(answer => answer.usage !== null || answer.failure !== null)
  const input = oneLength(own?.input_sequence_length)
  const output = oneLength(own?.output_sequence_length)
  const rows = answers.map((answer): Row => {
    const [first, second] = answer.chunkMs
    const counted = usage && answer.usage !== null
    return {
      scheduledMs: answer.sentMs,
      sentMs: answer.sentMs,
      firstTokenMs: first ?? Number.NaN,
      secondTokenMs: second ?? Number.NaN,
      lastTokenMs: answer.chunkMs.at(-1) ?? Number.NaN,
      doneMs: answer.doneMs,
      inputTokens: counted ? answer.usage.inputTokens : (input ?? countTokens(answer.prompt)),
      outputTokens: counted ? answer.usage.outputTokens : (output ?? countTokens(answer.text)),
      chunks: answer.chunkMs.length,
      // One token a chunk is the rule, and needs no tokenizer.
      firstChunkTokens: 1,
      failure: answer.failure,
    }
  })
  return { rows, tokenSource: usage && answers.length > 0 ? 'usage' : 'tokenizer' }
}

/** Gaps between the chunks of each answer, all together. */
export function chunkGaps(answers: readonly Answer[]): Float64Array {
  const answered = answers.filter(answer => answer.failure === null)
  const gaps = new Float64Array(answered.reduce((sum, { chunkMs }) => sum + Math.max(0, chunkMs.length - 1), 0))
  let at = 0
  for (const { chunkMs } of answered) {
    for (let i = 1; i < chunkMs.length; i++) gaps[at++] = (chunkMs[i] ?? 0) - (chunkMs[i - 1] ?? 0)
  }
  return gaps
}

/** What genai-perf counts as the prompt: all messages' content, or the prompt, without the chat template. */
export function promptOf(payload: string, api: Api): string {
  const body = JSON.parse(payload) as { messages?: readonly { content?: unknown }[]; prompt?: unknown }
  if (api === 'chat') return (body.messages ?? []).map(message => String(message.content ?? '')).join(' ')
  return Array.isArray(body.prompt) ? body.prompt.join(' ') : String(body.prompt ?? '')
}

function oneLength(figures: { readonly min: number; readonly max: number } | undefined): number | null {
  return figures !== undefined && figures.min === figures.max ? figures.min : null
}
