import { distributionOf } from './distribution.ts'
import type { Measurement } from './measurement.ts'
import type { LatencyFrom, RequestRecords } from './records.ts'

/** Whether any answer shows reasoning. Where none does, nobody can tell reasoning from the answer: there is no TTFO. */
export function hasReasoning({ count, error, reasoningChunks }: RequestRecords): boolean {
  for (let row = 0; row < count; row++) if (error[row] === 0 && (reasoningChunks[row] ?? 0) > 0) return true
  return false
}

/**
 * When the first token of an answer arrived, after reasoning, on the records' clock. An answer that showed no reasoning
 * beside others that did has its first token as the first of its answer. NaN where reasoning is hidden (what came first
 * is the TTFT), and where the answer ended while it still reasoned.
 */
export function ttfoOf(records: RequestRecords, row: number): number {
  const isShown = (records.reasoningChunks[row] ?? 0) > 0
  const isHidden = !isShown && (records.reasoningTokens[row] ?? Number.NaN) > 0
  return isHidden ? Number.NaN : (records.answerMs[row] ?? Number.NaN)
}

/**
 * A percentile of the TTFO of all answers, ms; null where it lies among answers that ended while they still reasoned:
 * theirs is longer than any that is known.
 */
export function ttfoAt(
  { reasoning }: Pick<Measurement, 'reasoning'>,
  percentile: 'p50' | 'p95' | 'p99',
): number | null {
  const ttfo = reasoning?.ttfoMs ?? null
  if (reasoning === undefined || ttfo === null) return null
  const unanswered = reasoning.unanswered / (ttfo.count + reasoning.unanswered)
  return unanswered > 1 - Number(percentile.slice(1)) / 100 ? null : ttfo[percentile]
}

/**
 * Reasoning and answer told apart, over answered requests; see {@link ttfoOf}.
 */
export function reasoningOf(records: RequestRecords, from: LatencyFrom): Pick<Measurement, 'reasoning'> {
  const start = from === 'scheduled' ? records.scheduledMs : records.sentMs
  const at = (column: Float64Array, row: number) => column[row] ?? Number.NaN
  const ttfoMs = new Float64Array(records.count).fill(Number.NaN)
  const reasoningTokens = new Float64Array(records.count).fill(Number.NaN)
  const answerTokens = new Float64Array(records.count).fill(Number.NaN)
  const counts = { answersInAll: 0, answers: 0, unanswered: 0, counted: 0, impossible: 0 }
  let isCounted = false
  for (let row = 0; row < records.count; row++) {
    if (records.error[row] !== 0) continue
    counts.answersInAll += 1
    const isShown = at(records.reasoningChunks, row) > 0
    const isStreamed = !Number.isNaN(at(records.firstTokenMs, row))
    const answeredMs = at(records.answerMs, row)
    const known = at(records.reasoningTokens, row)
    const output = at(records.outputTokens, row)
    if (isShown) counts.answers += 1
    if (isShown && isStreamed && Number.isNaN(answeredMs)) counts.unanswered += 1
    ttfoMs[row] = ttfoOf(records, row) - at(start, row)
    if (Number.isNaN(known) && isShown) continue
    // An answer without reasoning among others that have some has none.
    const tokens = Number.isNaN(known) ? 0 : known
    if (known >= 0) isCounted ||= known > 0 || isShown
    if (tokens > output) {
      counts.impossible += 1
      continue
    }
    counts.counted += 1
    reasoningTokens[row] = tokens
    answerTokens[row] = output - tokens
  }
  if (counts.answers === 0 && !isCounted) return {}
  return {
    reasoning: {
      ...counts,
      counted: isCounted ? counts.counted : 0,
      ttfoMs: counts.answers === 0 ? null : distributionOf(ttfoMs),
      reasoningTokens: isCounted ? distributionOf(reasoningTokens) : null,
      answerTokens: isCounted ? distributionOf(answerTokens) : null,
    },
  }
}
