import type { LatencyFrom } from './definitions.ts'
import { distributionOf } from './distribution.ts'
import type { Measurement } from './measurement.ts'
import type { RequestRecords } from './records.ts'

/**
 * Reasoning and answer told apart, over answered requests. An answer that showed no reasoning beside others that did has
 * its first token as the first of its answer. Where reasoning is hidden there is no TTFO: what came first is the TTFT.
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
    if (isShown || !(known > 0)) ttfoMs[row] = answeredMs - at(start, row)
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
