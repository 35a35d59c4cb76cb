import { distributionOf } from './distribution.ts'
import type { Measurement } from './measurement.ts'
import type { LatencyFrom, RequestRecords } from './records.ts'

/**
 * Whether any answer shows reasoning. Otherwise reasoning cannot be distinguished from the answer, so there is no TTFO.
 */
export function hasReasoning({ count, error, reasoningChunks }: RequestRecords): boolean {
  for (let row = 0; row < count; row++) if (error[row] === 0 && (reasoningChunks[row] ?? 0) > 0) return true
  return false
}

/**
 * Arrival of an answer's first token after its reasoning, on the records' clock. An answer without reasoning starts
 * with its first token if other answers of the run show reasoning. NaN if reasoning is hidden (the first token then
 * gives the TTFT), and if the answer ended during its reasoning.
 */
export function ttfoOf(records: RequestRecords, row: number): number {
  const isShown = (records.reasoningChunks[row] ?? 0) > 0
  const isHidden = !isShown && (records.reasoningTokens[row] ?? Number.NaN) > 0
  return isHidden ? Number.NaN : (records.answerMs[row] ?? Number.NaN)
}

/**
 * A percentile of the TTFO of all answers, ms. Null if it falls among answers that ended during their reasoning, whose
 * TTFO exceeds all known ones.
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

/** Separates reasoning and answers over the answered requests; see {@link ttfoOf}. */
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
    // Among answers with reasoning, one without any has 0 tokens of it.
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
