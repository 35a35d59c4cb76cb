import { type AnswerCounts, headTokens } from './arrivals.ts'
import { sortedNumbers } from './distribution.ts'
import type { RequestRecords } from './records.ts'
import { decodeTimesOf, requestsOfPhases } from './records.ts'

/** A measurement window on the clock of its records, ms. */
export interface Window {
  readonly startMs: number
  readonly endMs: number
}

/** Share of a time span that lies in a window, 0–1; a single moment lies in it or does not. */
export function shareWithin(fromMs: number, toMs: number, { startMs, endMs }: Window): number {
  if (!(toMs > fromMs)) return fromMs > startMs && fromMs <= endMs ? 1 : 0
  return Math.max(0, Math.min(toMs, endMs) - Math.max(fromMs, startMs)) / (toMs - fromMs)
}

/** One answer, to determine which part of it lies in a window. Times in ms, lengths in tokens. */
export interface WindowedAnswer extends AnswerCounts {
  readonly sentMs: number
  readonly firstTokenMs: number
  readonly lastTokenMs: number
  readonly inputTokens: number
}

/** Answered requests in a window; a request that lies partly in it counts by its share. */
export interface WindowSums {
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
}

/**
 * The part of one answer that lies in a window. Output tokens count when they arrived: those of the head at once,
 * the others evenly from the first to the last chunk. The request and its prompt count by the share of its output
 * that lies in the window, because counting requests at their end would favor a window that begins or ends with a burst
 * of them. An answer without a token counts by the share of its time.
 */
export function sumsWithin(answer: WindowedAnswer, window: Window): WindowSums {
  const { sentMs, firstTokenMs, lastTokenMs, inputTokens, outputTokens } = answer
  const atOnce = Math.min(outputTokens, headTokens(answer))
  const first = shareWithin(firstTokenMs, firstTokenMs, window) * atOnce
  const rest = outputTokens > atOnce ? shareWithin(firstTokenMs, lastTokenMs, window) * (outputTokens - atOnce) : 0
  const requests = outputTokens > 0 ? (first + rest) / outputTokens : shareWithin(sentMs, lastTokenMs, window)
  return { requests, inputTokens: requests * inputTokens, outputTokens: first + rest }
}

/** {@link sumsWithin} of all answered requests of any phase. Tokens that were not counted are omitted. */
export function answeredWithin(records: RequestRecords, window: Window): WindowSums {
  let requests = 0
  let inputTokens = 0
  let outputTokens = 0
  const at = (column: Float64Array, row: number) => column[row] ?? Number.NaN
  for (let row = 0; row < records.count; row++) {
    if (records.error[row] !== 0) continue
    const lastTokenMs = at(records.lastTokenMs, row)
    // Unstreamed answers and those without a token only have an end time.
    const endMs = Number.isNaN(lastTokenMs) ? at(records.doneMs, row) : lastTokenMs
    const firstTokenMs = at(records.firstTokenMs, row)
    const sums = sumsWithin(
      {
        ...decodeTimesOf(records, row),
        sentMs: at(records.sentMs, row),
        firstTokenMs: Number.isNaN(firstTokenMs) ? endMs : firstTokenMs,
        lastTokenMs: endMs,
        inputTokens: at(records.inputTokens, row),
      },
      window,
    )
    requests += sums.requests
    if (!Number.isNaN(sums.inputTokens)) inputTokens += sums.inputTokens
    if (!Number.isNaN(sums.outputTokens)) outputTokens += sums.outputTokens
  }
  return { requests, inputTokens, outputTokens }
}

/**
 * Bounds of a window that are known without its requests, on the clock of the records; null for bounds that requests
 * determine.
 */
export interface WindowBounds {
  readonly startMs: number | null
  readonly endMs: number | null
}

/**
 * The steady window of a run: from the first measured request due to the last one sent, unless its bounds are known. If
 * each slot sends once, no time lies between the two. The window then ends with the last measured answer, until which
 * the load is maintained.
 */
export function steadyWindow(records: RequestRecords, bounds: WindowBounds): Window {
  if (bounds.startMs !== null && bounds.endMs !== null)
    return { startMs: bounds.startMs, endMs: Math.max(bounds.startMs, bounds.endMs) }
  const measured = requestsOfPhases(records, ['measured'])
  const due = sortedNumbers(measured.scheduledMs)
  const sent = sortedNumbers(measured.sentMs)
  const done = sortedNumbers(measured.doneMs)
  const startMs = bounds.startMs ?? due[0] ?? 0
  if (bounds.endMs !== null) return { startMs, endMs: Math.max(startMs, bounds.endMs) }
  const lastSentMs = sent.at(-1) ?? startMs
  const oneWave = (done[0] ?? Number.POSITIVE_INFINITY) >= lastSentMs
  return { startMs, endMs: Math.max(startMs, oneWave ? (done.at(-1) ?? lastSentMs) : lastSentMs) }
}
