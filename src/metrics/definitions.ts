import type { Slo } from '../model/index.ts'
import { type DecodeTimes, pacedPart } from './arrivals.ts'
import { weightedDistributionOf } from './distribution.ts'
import type { Measurement } from './measurement.ts'
import { hasReasoning, ttfoOf } from './reasoning.ts'
import { decodeTimesOf, type LatencyFrom, type RequestRecords } from './records.ts'

export type { LatencyFrom } from './records.ts'

/** Latencies of each request in ms; NaN for a request that failed or has no such latency. */
export interface RequestLatencies {
  /** Start → first chunk with a token. */
  readonly ttftMs: Float64Array
  /** See {@link ttfoOf}; all NaN if no answer shows reasoning. */
  readonly ttfoMs: Float64Array
  /** First → second chunk with a token (genai-perf's time_to_second_token). */
  readonly ttstMs: Float64Array
  /** See {@link itlOf}. */
  readonly itlMs: Float64Array
  /** Start → last chunk with a token, as genai-perf counts it: without the usage chunk and `[DONE]`. */
  readonly requestLatencyMs: Float64Array
  /** Time and tokens of the {@link pacedPart}: usually first → last chunk with a token. */
  readonly decodeMs: Float64Array
  readonly decodeTokens: Float64Array
  /** Tokens of each answer. */
  readonly outputTokens: Float64Array
  /** Number of answers that came in one piece: see {@link cameInOnePiece}. */
  readonly onePiece: number
}

/** Computes the latencies of each request from records. */
export function latenciesOf(records: RequestRecords, from: LatencyFrom): RequestLatencies {
  const start = from === 'scheduled' ? records.scheduledMs : records.sentMs
  const column = (value: (row: number) => number) =>
    Float64Array.from({ length: records.count }, (_, row) => (records.error[row] === 0 ? value(row) : Number.NaN))
  const at = (times: Float64Array, row: number) => times[row] ?? Number.NaN
  const isKnown = paceIsKnown(records)
  const paced = (of: (part: { readonly tokens: number; readonly ms: number }) => number) =>
    column(row => {
      const part = isKnown ? pacedPart(decodeTimesOf(records, row)) : null
      return part === null ? Number.NaN : of(part)
    })
  return {
    ttftMs: column(row => at(records.firstTokenMs, row) - at(start, row)),
    ttfoMs: hasReasoning(records) ? column(row => ttfoOf(records, row) - at(start, row)) : column(() => Number.NaN),
    ttstMs: column(row => at(records.secondTokenMs, row) - at(records.firstTokenMs, row)),
    itlMs: paced(({ tokens, ms }) => ms / tokens),
    decodeMs: paced(({ ms }) => ms),
    decodeTokens: paced(({ tokens }) => tokens),
    requestLatencyMs: column(row => at(records.lastTokenMs, row) - at(start, row)),
    outputTokens: column(row => at(records.outputTokens, row)),
    onePiece: column(row => (cameInOnePiece(decodeTimesOf(records, row)) ? 1 : 0)).reduce(
      (sum, one) => (one === 1 ? sum + 1 : sum),
      0,
    ),
  }
}

/**
 * Whether the answers that show their pace stand for the others. If late first chunks bring most answers in one piece,
 * the rest are those that were slow by chance.
 */
function paceIsKnown(records: RequestRecords): boolean {
  let [inOnePiece, paced] = [0, 0]
  for (let row = 0; row < records.count; row++) {
    if (records.error[row] !== 0 || !((records.chunks[row] ?? 0) > 1)) continue
    if (cameInOnePiece(decodeTimesOf(records, row))) inOnePiece += 1
    else paced += 1
  }
  return inOnePiece <= paced
}

/**
 * ITL of a request in ms: (last − first chunk) / (output tokens − 1), genai-perf's definition. When chunks carry
 * several tokens, the tokens of the first chunk are subtracted instead of 1 (AIPerf PR 1279): they take no time between
 * the two chunks. If several chunks arrive together at the start, only the part behind them counts ({@link pacedPart}).
 * NaN for a request without a second token or chunk, and for one that arrived in one piece: see {@link cameInOnePiece}.
 */
export function itlOf(request: DecodeTimes): number {
  const part = pacedPart(request)
  return part === null ? Number.NaN : part.ms / part.tokens
}

/**
 * Whether an answer of several tokens arrived in one chunk, or for the most part in chunks closer together than any
 * engine decodes. Something between the engine and the clock delayed them, so their decode speed is unknown.
 */
function cameInOnePiece(request: DecodeTimes): boolean {
  return request.outputTokens > 1 && !Number.isNaN(request.firstTokenMs) && Number.isNaN(itlOf(request))
}

/**
 * Tokens/s that one user sees while requests decode. For one request: its tokens after the first chunk, divided by the
 * time they took ({@link pacedPart}). For the point: the sum of these tokens divided by the sum of these times, which
 * is the mean of the requests' speeds weighted by decode time. A plain mean of 1000 / ITL, as in genai-perf and AIPerf, depends on the
 * fastest requests: one that was delivered in 0.4 ms outweighs a hundred others. Percentiles are those of the requests.
 */
export function outputTokensPerSPerUser({ itlMs, decodeMs }: Pick<RequestLatencies, 'itlMs' | 'decodeMs'>) {
  return weightedDistributionOf(
    itlMs.map(itl => 1000 / itl),
    decodeMs,
  )
}

/** Whether every answer was one token, so that there is no decoding and no ITL to miss. */
export function answersAreOneToken({ osl }: Pick<Measurement, 'osl'>): boolean {
  return osl !== null && osl.min === 1 && osl.max === 1
}

/**
 * Tokens/s per user: the x axis of the frontier. Answers of one token have no decode phase. For them, it is 1 token
 * divided by the mean request latency, which still shows how fast one user gets tokens. All answers of a workload are
 * of one kind, so the two definitions never share a frontier. Null if not observed.
 */
export function interactivityOf(
  measurement: Pick<Measurement, 'outputTokensPerSPerUser' | 'requestLatencyMs' | 'osl'>,
): number | null {
  const { outputTokensPerSPerUser: speed, requestLatencyMs } = measurement
  if (speed !== null) return speed.mean
  if (!answersAreOneToken(measurement) || requestLatencyMs === null || !(requestLatencyMs.mean > 0)) return null
  return 1000 / requestLatencyMs.mean
}

/**
 * Rates of a measurement; null if unknown because the window has no length, nothing was answered, or the tokens of
 * answers were not counted.
 */
export function ratesOf(
  measurement: Pick<
    Measurement,
    'durationS' | 'requests' | 'isl' | 'osl' | 'requestsPerS' | 'outputTokensPerS' | 'inputTokensPerS'
  >,
): { readonly [rate in 'requestsPerS' | 'outputTokensPerS' | 'inputTokensPerS']: number | null } {
  const { durationS, requests, isl, osl } = measurement
  if (requests.isCompletedKnown === false) {
    // A summary without request counts and duration still states its rates.
    const { requestsPerS, outputTokensPerS, inputTokensPerS } = measurement
    return { requestsPerS, outputTokensPerS, inputTokensPerS }
  }
  if (!(durationS > 0) || requests.completed === 0)
    return { requestsPerS: null, outputTokensPerS: null, inputTokensPerS: null }
  return {
    requestsPerS: measurement.requestsPerS,
    outputTokensPerS: osl === null ? null : measurement.outputTokensPerS,
    inputTokensPerS: isl === null ? null : measurement.inputTokensPerS,
  }
}

/** Requests/s that met every objective; null without an SLO, and if {@link ratesOf} has no request rate. */
export function goodputOf(
  measurement: Parameters<typeof ratesOf>[0] & Pick<Measurement, 'goodputPerS'>,
): number | null {
  return ratesOf(measurement).requestsPerS === null ? null : measurement.goodputPerS
}

/** Failed requests; null if a summary does not count them. */
export function failedRequestsOf({ requests }: Pick<Measurement, 'requests'>): number | null {
  return requests.isFailedKnown === false ? null : requests.failed
}

/** Prefill speed of each request in tokens/s, queueing included: ISL / TTFT. */
export function prefillTokensPerSPerUser(inputTokens: Float64Array, ttftMs: Float64Array): Float64Array {
  return ttftMs.map((ttft, row) => (ttft > 0 ? ((inputTokens[row] ?? Number.NaN) * 1000) / ttft : Number.NaN))
}

/**
 * Requests that met every objective (DistServe's goodput, Zhong et al. 2024). A request with one token has no ITL and
 * meets any objective on it. A request with unknown TTFT or ITL does not meet an objective on it. Null without
 * objectives, and if no answer can be judged.
 */
export function goodRequests(latencies: RequestLatencies, slo: Slo): number | null {
  if (Object.values(slo).every(limit => limit === undefined)) return null
  let good = 0
  let judged = 0
  let answered = 0
  for (let row = 0; row < latencies.ttftMs.length; row++) {
    const requestLatencyMs = latencies.requestLatencyMs[row] ?? Number.NaN
    if (Number.isNaN(requestLatencyMs)) continue
    answered += 1
    const met = meetsObjectives(slo, {
      ttftMs: latencies.ttftMs[row] ?? Number.NaN,
      ttfoMs: latencies.ttfoMs[row] ?? Number.NaN,
      itlMs: latencies.itlMs[row] ?? Number.NaN,
      requestLatencyMs,
      tokens: latencies.outputTokens[row] ?? Number.NaN,
    })
    if (met !== null) judged += 1
    if (met === true) good += 1
  }
  return answered > 0 && judged === 0 ? null : good
}

/** Whether one request met every objective; null if unknown. */
export function meetsObjectives(
  slo: Slo,
  request: {
    readonly ttftMs: number
    readonly ttfoMs: number
    readonly itlMs: number
    readonly requestLatencyMs: number
    readonly tokens: number
  },
): boolean | null {
  const checks = [
    meets(request.ttftMs, slo.ttftP95Ms),
    meets(request.ttfoMs, slo.ttfoP95Ms),
    request.tokens === 1 ? true : meets(request.itlMs, slo.itlP95Ms),
    meets(request.requestLatencyMs, slo.requestLatencyP95Ms),
  ]
  if (checks.includes(false)) return false
  return checks.includes(null) ? null : true
}

function meets(valueMs: number, limitMs: number | undefined): boolean | null {
  if (limitMs === undefined) return true
  return Number.isNaN(valueMs) ? null : valueMs <= limitMs
}
