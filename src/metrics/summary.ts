import type { Slo } from '../model/index.ts'
import { type BuiltFigures, type Counted, type MeasuredSums, measured, wholeRunOf } from './build-measurement.ts'
import type { LatencyFrom, RequestLatencies } from './definitions.ts'
import { goodRequests, latenciesOf, outputTokensPerSPerUser, prefillTokensPerSPerUser } from './definitions.ts'
import { deliveryOf } from './delivery.ts'
import { distributionOf, sortedNumbers } from './distribution.ts'
import { tailBound } from './early-stopping.ts'
import type { Slots } from './in-flight.ts'
import { inFlightOf } from './in-flight.ts'
import type { ClientHealth, Measurement, WholeRun } from './measurement.ts'
import { reasoningOf } from './reasoning.ts'
import type { RequestRecords } from './records.ts'
import { requestsOfPhases } from './records.ts'
import { percentileIntervalOfSeries } from './statistics/percentile-interval.ts'
import type { WindowBounds } from './window.ts'
import { answeredWithin, steadyWindow } from './window.ts'

/** Inputs of a summary in addition to the records. */
export interface SummaryOptions {
  /** `scheduled` for an open loop, `sent` for a closed one. */
  readonly from: LatencyFrom
  readonly slo: Slo
  /** Mean requested lengths in tokens; null if requests set none. */
  readonly asked: { readonly isl: number | null; readonly osl: number | null }
  /** Slots that a closed loop had to keep busy; null for an open loop. */
  readonly slots: Slots | null
  /** Bounds of a steady window; absent for a whole run. */
  readonly steadyWindow?: WindowBounds
}

/** Part of a measurement that depends on the request records alone. */
export type Summary = BuiltFigures &
  Pick<
    Measurement,
    'onePiece' | 'delivery' | 'promptCache' | 'speculation' | 'tokensPerChunk' | 'reasoning' | 'intervals' | 'whole'
  > & {
    readonly client: Pick<ClientHealth, 'sendLatenessMs' | 'inFlight'>
  }

/**
 * Summarizes request records. Latencies are those of answered measured requests; failed requests are counted. For a
 * whole run, rates cover the time from the first request due to the last one ended. For a steady window, they count
 * arrivals in it from requests of any phase, and the figures of the whole run are added.
 */
export function summarise(records: RequestRecords, options: SummaryOptions): Summary {
  const bounds = options.steadyWindow
  return bounds === undefined ? wholeRun(records, options) : steady(records, options, bounds)
}

function wholeRun(records: RequestRecords, options: SummaryOptions): Summary {
  return summaryOf(records, options, {
    window: 'whole',
    durationS: windowS(records),
    within: countedIn(records),
    inFlight: inFlightOf(records, options.slots),
  })
}

function steady(records: RequestRecords, options: SummaryOptions, bounds: WindowBounds): Summary {
  const window = steadyWindow(records, bounds)
  const own = requestsOfPhases(records, ['measured'])
  const known = countedIn(own)
  const within = answeredWithin(records, window)
  const slots = options.slots === null ? null : { ...options.slots, conversations: null, startGapMs: 0, stopMs: null }
  const run = requestsOfPhases(records, ['warm-up', 'measured'])
  return {
    ...summaryOf(own, options, {
      window: 'steady',
      durationS: (window.endMs - window.startMs) / 1000,
      within: {
        requests: within.requests,
        inputTokens: known.inputTokens === null ? null : within.inputTokens,
        outputTokens: known.outputTokens === null ? null : within.outputTokens,
      },
      inFlight: inFlightOf(records, slots, window),
    }),
    whole: figuresOfRun(run, latenciesOf(run, options.from)),
  }
}

/** Window of a summary. */
interface Window extends Pick<MeasuredSums, 'window' | 'durationS' | 'within'> {
  readonly inFlight: ClientHealth['inFlight']
}

/** @param records records of the measured requests */
function summaryOf(records: RequestRecords, options: SummaryOptions, { inFlight, ...window }: Window): Summary {
  const latencies = latenciesOf(records, options.from)
  const { ttftMs, ttfoMs, itlMs, requestLatencyMs } = latencies
  const inputTokens = answered(records, records.inputTokens)
  const outputTokens = answered(records, records.outputTokens)
  const counted = countedIn(records)
  const figures = measured({
    ...window,
    completed: counted.requests,
    failed: records.count - counted.requests,
    ...distributionsOf(latencies),
    ttstMs: distributionOf(latencies.ttstMs),
    fromSend: options.from === 'sent' ? null : fromSend(records),
    isl: distributionOf(inputTokens),
    osl: distributionOf(outputTokens),
    outputTokensPerSPerUser: outputTokensPerSPerUser(latencies),
    prefillTokensPerSPerUser: distributionOf(prefillTokensPerSPerUser(inputTokens, ttftMs)),
    totals: {
      inputTokens: counted.inputTokens,
      outputTokens: counted.outputTokens,
      chunks: sumOf(records, records.chunks) ?? 0,
    },
    good: goodRequests(latencies, options.slo),
    latencies: latencySeries(records, latencies),
    ttftValues: ttftMs.filter(value => !Number.isNaN(value)),
    asked: options.asked,
    tails: { ttftMs: tailsOf(ttftMs), itlMs: tailsOf(itlMs), requestLatencyMs: tailsOf(requestLatencyMs) },
  })
  const sendLatenessMs = distributionOf(
    records.sentMs.map((sent, row) => sent - (records.scheduledMs[row] ?? Number.NaN)),
  )
  return {
    ...figures,
    onePiece: latencies.onePiece,
    ...promptCacheOf(records),
    ...deliveryOf(records),
    ...tokensPerChunkOf(records),
    ...draftsOf(records),
    ...reasoningOf(records, options.from),
    intervals: {
      ttftMs: intervalsOf(ttftMs),
      ...(ttfoMs.every(Number.isNaN) ? {} : { ttfoMs: intervalsOf(ttfoMs) }),
      itlMs: intervalsOf(itlMs),
      requestLatencyMs: intervalsOf(requestLatencyMs),
    },
    client: { sendLatenessMs, inFlight },
  }
}

const distributionsOf = ({ ttftMs, itlMs, requestLatencyMs }: RequestLatencies) => ({
  ttftMs: distributionOf(ttftMs),
  itlMs: distributionOf(itlMs),
  requestLatencyMs: distributionOf(requestLatencyMs),
})

function figuresOfRun(records: RequestRecords, latencies: RequestLatencies): WholeRun {
  const counted = countedIn(records)
  return wholeRunOf(windowS(records), counted, records.count - counted.requests, distributionsOf(latencies))
}

function countedIn(records: RequestRecords): Counted {
  return {
    requests: records.error.reduce((sum, code) => sum + (code === 0 ? 1 : 0), 0),
    inputTokens: sumOf(records, records.inputTokens),
    outputTokens: sumOf(records, records.outputTokens),
  }
}

/** A column with NaN for failed requests. */
function answered(records: RequestRecords, values: Float64Array): Float64Array {
  return values.map((value, row) => (records.error[row] === 0 ? value : Number.NaN))
}

/** Maximum turns with separate cache figures; later ones are combined. */
const mostTurns = 16

/** Empty if no answer reports a cache. */
function promptCacheOf({
  count,
  error,
  inputTokens,
  cachedTokens,
  turn,
}: RequestRecords): Pick<Measurement, 'promptCache'> {
  const sums = { answers: 0, answersInAll: 0, cachedTokens: 0, promptTokens: 0, impossible: 0 }
  const byTurn: { answers: number; cachedTokens: number; promptTokens: number }[] = []
  for (let row = 0; row < count; row++) {
    if (error[row] !== 0) continue
    sums.answersInAll += 1
    const cached = cachedTokens[row] ?? Number.NaN
    const prompt = inputTokens[row] ?? Number.NaN
    if (Number.isNaN(cached) || Number.isNaN(prompt)) continue
    sums.answers += 1
    sums.cachedTokens += cached
    sums.promptTokens += prompt
    if (cached > prompt) sums.impossible += 1
    const place = Math.min(turn[row] ?? 0, mostTurns - 1)
    while (byTurn.length <= place) byTurn.push({ answers: 0, cachedTokens: 0, promptTokens: 0 })
    const own = byTurn[place]
    if (own === undefined) continue
    own.answers += 1
    own.cachedTokens += cached
    own.promptTokens += prompt
  }
  if (sums.answers === 0) return {}
  return { promptCache: byTurn.length > 1 ? { ...sums, byTurn } : sums }
}

/** Speculative decoding according to the answers; empty if none reports it. */
function draftsOf({
  count,
  error,
  draftSteps,
  draftTokens,
  acceptedTokens,
}: RequestRecords): Pick<Measurement, 'speculation'> {
  let [answers, steps, drafted, accepted] = [0, 0, 0, 0]
  const lengths = new Float64Array(count).fill(Number.NaN)
  for (let row = 0; row < count; row++) {
    const own = draftSteps[row] ?? Number.NaN
    if (error[row] !== 0 || !(own > 0)) continue
    const taken = acceptedTokens[row] ?? Number.NaN
    answers += 1
    steps += own
    drafted += draftTokens[row] ?? Number.NaN
    accepted += taken
    lengths[row] = 1 + taken / own
  }
  if (answers === 0) return {}
  const acceptance = { rate: drafted > 0 ? accepted / drafted : null, length: 1 + accepted / steps }
  return {
    speculation: {
      by: 'answers',
      ...acceptance,
      requests: { answers, ...acceptance, lengths: distributionOf(lengths) },
      ...(accepted > drafted ? { isImpossible: true } : {}),
    },
  }
}

/** Tokens after first chunks divided by the chunks that contained them; empty without any. */
function tokensPerChunkOf({
  count,
  error,
  outputTokens,
  chunks,
  firstChunkTokens,
}: RequestRecords): Pick<Measurement, 'tokensPerChunk'> {
  let [tokens, later] = [0, 0]
  for (let row = 0; row < count; row++) {
    const more = (chunks[row] ?? 0) - 1
    const after = (outputTokens[row] ?? Number.NaN) - Math.max(1, firstChunkTokens[row] ?? Number.NaN)
    if (error[row] !== 0 || more < 1 || Number.isNaN(after)) continue
    tokens += after
    later += more
  }
  return later === 0 ? {} : { tokensPerChunk: tokens / later }
}

/** Seconds from the first request due to the last one ended; 0 without any. */
function windowS(records: RequestRecords): number {
  const start = sortedNumbers(records.scheduledMs)[0]
  const end = sortedNumbers(records.doneMs).at(-1)
  return start === undefined || end === undefined ? 0 : (end - start) / 1000
}

function fromSend(records: RequestRecords): Measurement['fromSend'] {
  const latencies = latenciesOf(records, 'sent')
  return {
    ttftMs: distributionOf(latencies.ttftMs),
    requestLatencyMs: distributionOf(latencies.requestLatencyMs),
  }
}

/** Latency of each answered request in order of due times; it rises when a queue grows. */
function latencySeries(records: RequestRecords, latencies: RequestLatencies) {
  const answered = (_: number, row: number) => !Number.isNaN(latencies.requestLatencyMs[row] ?? Number.NaN)
  return {
    atS: records.scheduledMs.filter(answered).map(time => time / 1000),
    values: latencies.requestLatencyMs.filter(answered),
  }
}

function tailsOf(values: Float64Array) {
  const sorted = sortedNumbers(values)
  return { p95: tailBound(sorted, 95).atMost, p99: tailBound(sorted, 99).atMost }
}

function intervalsOf(values: Float64Array) {
  const of = (percentile: number) => {
    const { low, high } = percentileIntervalOfSeries(values, percentile) ?? { low: null, high: null }
    return low === null || high === null ? null : ([low, high] as const)
  }
  return { p50: of(50), p95: of(95) }
}

/** Sum over the answered requests with a value; null if there are answers but no values. */
function sumOf(records: RequestRecords, values: Float64Array): number | null {
  let [answers, known, sum] = [0, 0, 0]
  for (let row = 0; row < records.count; row++) {
    if (records.error[row] !== 0) continue
    answers += 1
    const value = values[row] ?? Number.NaN
    if (Number.isNaN(value)) continue
    known += 1
    sum += value
  }
  return known === 0 && answers > 0 ? null : sum
}
