import type { Slo } from '../point/index.ts'
import type { RequestRecords } from './records.ts'

/** Whether latency counts from when a request was due (no coordinated omission) or from when it was sent. */
export type LatencyFrom = 'scheduled' | 'sent'

/** Each request's latencies in ms; NaN for a request that failed or has no such figure. Definitions: the design's 'Words'. */
export interface RequestLatencies {
  /** Start → first chunk with a token. */
  readonly ttftMs: Float64Array
  /** First → second chunk with a token (genai-perf's time_to_second_token). */
  readonly ttstMs: Float64Array
  /** See {@link itlOf}. */
  readonly itlMs: Float64Array
  /** Start → last chunk with a token, as genai-perf counts it: without the usage chunk and `[DONE]`. */
  readonly requestLatencyMs: Float64Array
}

export function latenciesOf(records: RequestRecords, from: LatencyFrom): RequestLatencies {
  const start = from === 'scheduled' ? records.scheduledMs : records.sentMs
  const column = (value: (row: number) => number) =>
    Float64Array.from({ length: records.count }, (_, row) => (records.error[row] === 0 ? value(row) : Number.NaN))
  const at = (times: Float64Array, row: number) => times[row] ?? Number.NaN
  return {
    ttftMs: column(row => at(records.firstTokenMs, row) - at(start, row)),
    ttstMs: column(row => at(records.secondTokenMs, row) - at(records.firstTokenMs, row)),
    itlMs: column(row =>
      itlOf({
        firstTokenMs: at(records.firstTokenMs, row),
        lastTokenMs: at(records.lastTokenMs, row),
        outputTokens: at(records.outputTokens, row),
        chunks: at(records.chunks, row),
        firstChunkTokens: at(records.firstChunkTokens, row),
      }),
    ),
    requestLatencyMs: column(row => at(records.lastTokenMs, row) - at(start, row)),
  }
}

/**
 * ITL of a request in ms: (last − first chunk) / (output tokens − 1), genai-perf's definition. When chunks carry several
 * tokens, the first chunk's are taken off instead of 1 (AIPerf PR 1279): they cost no time between the two chunks.
 * NaN for a request without a second token or chunk.
 */
export function itlOf(request: {
  readonly firstTokenMs: number
  readonly lastTokenMs: number
  readonly outputTokens: number
  readonly chunks: number
  readonly firstChunkTokens: number
}): number {
  const after = request.outputTokens - Math.max(1, request.firstChunkTokens)
  if (!(after > 0) || request.chunks < 2) return Number.NaN
  return (request.lastTokenMs - request.firstTokenMs) / after
}

/** Tokens/s that one user sees: 1000 / ITL. */
export function outputTokensPerSPerUser(itlMs: Float64Array): Float64Array {
  return itlMs.map(itl => (itl > 0 ? 1000 / itl : Number.NaN))
}

/** Tokens/s at which a request's prompt was read, queueing included: ISL / TTFT. */
export function prefillTokensPerSPerUser(inputTokens: Float64Array, ttftMs: Float64Array): Float64Array {
  return ttftMs.map((ttft, row) => (ttft > 0 ? ((inputTokens[row] ?? Number.NaN) * 1000) / ttft : Number.NaN))
}

/** Requests that met every objective (DistServe's goodput, Zhong et al. 2024); null without an objective. A request with one token has no ITL to miss. */
export function goodRequests(latencies: RequestLatencies, slo: Slo): number | null {
  const { ttftP95Ms, itlP95Ms, requestLatencyP95Ms } = slo
  if (ttftP95Ms === undefined && itlP95Ms === undefined && requestLatencyP95Ms === undefined) return null
  let good = 0
  for (let row = 0; row < latencies.ttftMs.length; row++) {
    const latency = latencies.requestLatencyMs[row] ?? Number.NaN
    if (Number.isNaN(latency)) continue
    const slow =
      (latencies.ttftMs[row] ?? 0) > (ttftP95Ms ?? Number.POSITIVE_INFINITY) ||
      (latencies.itlMs[row] ?? 0) > (itlP95Ms ?? Number.POSITIVE_INFINITY) ||
      latency > (requestLatencyP95Ms ?? Number.POSITIVE_INFINITY)
    if (!slow) good += 1
  }
  return good
}
