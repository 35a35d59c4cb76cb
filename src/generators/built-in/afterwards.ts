import type { RequestErrors, TokenCounts } from '../../metrics/measurement.ts'
import { errorCode, phaseCode } from '../../metrics/records.ts'
import { counted, FulcrumError } from '../../model/index.ts'
import type { Tokenizer } from '../tokenizer.ts'
import { buildTokenizer, readTokenizer } from '../tokenizer.ts'
import { cutMessage, usualEnds } from './answer-ends.ts'
import type { JobResult } from './job.ts'
import { firstChunkTokens, isBelieved } from './usage-state.ts'

/** Results that need all answers. */
export interface Afterwards {
  readonly counts: TokenCounts
  /** Answers that were found to be incomplete. */
  readonly errors: readonly RequestErrors[]
}

const measured = phaseCode('measured')

/**
 * Completes the records of `results` after the measurement with facts that took too long to find under load, or that
 * need all answers: which answers were cut off, and the tokens of answers that the server did not count or counted
 * implausibly. Builds the tokenizer only if it is needed.
 * @param tokenizerName null if the model has none; then chunks are counted
 */
export async function settleAnswers(results: readonly JobResult[], tokenizerName: string | null): Promise<Afterwards> {
  const errors = failCutAnswers(results)
  const short: { readonly tokens: number; readonly leastTokens: number }[] = []
  const needed = results.some(
    ({ texts, firstTexts, reasoning }) => texts.length + firstTexts.length + reasoning.length > 0,
  )
  const tokensOf = needed ? counterOf(await tokenizerOf(tokenizerName)) : () => null
  const counts = { usage: 0, tokenizer: 0, chunks: 0, missing: 0, early: 0, impossible: 0, noPromptTokens: 0 }
  for (const result of results) {
    const { records } = result
    const answered = (row: number) => records.error[row] === 0
    // Requests outside the window are completed, too, but not counted.
    const counted = (row: number) => answered(row) && records.phase[row] === measured
    const recounted = new Set<number>()
    for (const { row, text, times, usage, leastTokens } of result.texts) {
      if (!answered(row)) continue
      const once = tokensOf(text)
      const tokens = once === null ? null : Math.max(1, Math.round(once * times))
      const stated = records.outputTokens[row] ?? 0
      if (usage === 'doubtful' && (tokens === null || isBelieved(stated, tokens))) continue
      // The tokenizer's count of a generated text is not exact, but a cut-off answer is far below.
      if (tokens !== null && !isBelieved(tokens, leastTokens)) {
        records.error[row] = errorCode('short-output')
        if (records.phase[row] === measured) short.push({ tokens, leastTokens })
        continue
      }
      recounted.add(row)
      records.outputTokens[row] = tokens ?? records.chunks[row] ?? 0
      if (!counted(row)) continue
      counts[tokens === null ? 'chunks' : 'tokenizer'] += 1
      counts[usage === 'doubtful' ? 'impossible' : usage] += 1
    }
    for (let row = 0; row < records.count; row++) if (counted(row) && !recounted.has(row)) counts.usage += 1
    const firstTexts = new Map(result.firstTexts)
    for (let row = 0; row < records.count; row++) {
      if (!answered(row)) continue
      const text = firstTexts.get(row) ?? ''
      settleFirstChunk(result, row, text === '' ? null : tokensOf(text))
    }
    settleReasoning(result, tokensOf)
    counts.noPromptTokens += result.noPromptTokens.reduce((sum, row) => sum + (counted(row) ? 1 : 0), 0)
  }
  return { counts, errors: [...errors, ...shortOutput(short)] }
}

function settleFirstChunk({ records }: JobResult, row: number, counted: number | null): void {
  const [tokens = 0, chunks = 0, stated = 0] = [
    records.outputTokens[row],
    records.chunks[row],
    records.firstChunkTokens[row],
  ]
  records.firstChunkTokens[row] = firstChunkTokens(tokens, chunks, stated, counted)
}

/**
 * Reasoning tokens that the usage does not report. They are all tokens of an answer that consists of reasoning, the
 * reasoning chunks of an answer with one token per chunk, and otherwise the tokenizer's count.
 */
function settleReasoning({ records, reasoning }: JobResult, tokensOf: (text: string) => number | null): void {
  const texts = new Map(reasoning.map(one => [one.row, one]))
  for (let row = 0; row < records.count; row++) {
    const chunks = records.reasoningChunks[row] ?? 0
    if (records.error[row] !== 0 || chunks === 0 || !Number.isNaN(records.reasoningTokens[row] ?? Number.NaN)) continue
    const tokens = records.outputTokens[row] ?? Number.NaN
    const text = texts.get(row)
    if (text === undefined) {
      // The text was not kept, because each chunk has one token or there was no space.
      if (tokens === records.chunks[row]) records.reasoningTokens[row] = chunks
      continue
    }
    const isAll =
      Number.isNaN(records.answerMs[row] ?? Number.NaN) && !Number.isNaN(records.firstTokenMs[row] ?? Number.NaN)
    const counted = isAll ? tokens : tokensOf(text.text)
    if (counted === null) continue
    // The tokenizer's count of a single text may differ slightly from the server's, so the answer keeps at least one
    // token.
    records.reasoningTokens[row] = isAll ? counted : Math.max(1, Math.min(Math.round(counted * text.times), tokens - 1))
  }
}

/** Marks answers as failed if they lack an end that most of the point's answers have. */
function failCutAnswers(results: readonly JobResult[]): RequestErrors[] {
  const isAnswered = ({ records }: JobResult, row: number) => records.error[row] === 0
  const answered = results.reduce(
    (sum, { records }) => sum + records.error.reduce((n, code) => n + (code === 0 ? 1 : 0), 0),
    0,
  )
  const unended = results.flatMap(result =>
    result.unended.flatMap(([row, ending]) => (isAnswered(result, row) ? [ending] : [])),
  )
  const usual = usualEnds(answered, unended)
  let count = 0
  let example = ''
  for (const result of results) {
    for (const [row, ending] of result.unended) {
      if (!isAnswered(result, row)) continue
      const message = cutMessage(ending, usual, result.records.chunks[row] ?? 0)
      if (message === null) continue
      result.records.error[row] = errorCode('broken-stream')
      if (result.records.phase[row] !== measured) continue
      count += 1
      example ||= message
    }
  }
  return count === 0 ? [] : [{ kind: 'broken-stream', count, example }]
}

function shortOutput(short: readonly { readonly tokens: number; readonly leastTokens: number }[]): RequestErrors[] {
  const [first] = short
  if (first === undefined) return []
  const { tokens, leastTokens } = first
  const example = `about ${counted(tokens, 'token')} arrived by the tokenizer's count, but the request asked for at least ${leastTokens}`
  return [{ kind: 'short-output', count: short.length, example }]
}

async function tokenizerOf(name: string | null): Promise<Tokenizer | null> {
  if (name === null) return null
  try {
    return buildTokenizer(await readTokenizer(name))
  } catch (error) {
    // Prompts of a dataset or trace need no tokenizer, and a measurement without token counts is better than none.
    if (error instanceof FulcrumError) return null
    throw error
  }
}

/** Counts the tokens of texts; null without a tokenizer. */
function counterOf(tokenizer: Tokenizer | null): (text: string) => number | null {
  const known = new Map<string, number>()
  return text => {
    if (tokenizer === null) return null
    const tokens = known.get(text) ?? tokenizer.encode(text).length
    known.set(text, tokens)
    return tokens
  }
}
