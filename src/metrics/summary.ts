import type { Slo } from '../model/index.ts'
import type { LatencyFrom, RequestLatencies } from './definitions.ts'
import { goodRequests, latenciesOf, outputTokensPerSPerUser, prefillTokensPerSPerUser } from './definitions.ts'
import { distributionOf, sortedNumbers } from './distribution.ts'
import { tailBound } from './early-stopping.ts'
import type { Slots } from './in-flight.ts'
import { inFlightOf } from './in-flight.ts'
import type { ClientHealth, Measurement, WholeRun } from './measurement.ts'
import type { RequestRecords } from './records.ts'
import { requestsOfPhases } from './records.ts'
import { percentileIntervalOfSeries } from './statistics/percentile-interval.ts'
import { steadyState } from './steady.ts'
import { trendOf } from './trend.ts'
import type { WindowBounds } from './window.ts'
import { answeredWithin, steadyWindow } from './window.ts'

/** What a summary needs beyond the records. */
export interface SummaryOptions {
  /** `scheduled` for an open loop, `sent` for a closed one. */
  readonly from: LatencyFrom
  readonly slo: Slo
  /** Mean lengths that the sent requests asked for, in tokens; null where nothing was asked. */
  readonly asked: { readonly isl: number | null; readonly osl: number | null }
  /** What a closed loop had to keep busy; null for an open loop. */
  readonly slots: Slots | null
  /** Bounds of a steady window; absent for a whole run. */
  readonly steadyWindow?: WindowBounds
}

/** The part of a measurement that follows from the request records alone. */
export type Summary = Pick<
  Measurement,
  | 'durationS'
  | 'requests'
  | 'ttftMs'
  | 'ttstMs'
  | 'itlMs'
  | 'requestLatencyMs'
  | 'fromSend'
  | 'isl'
  | 'osl'
  | 'outputTokensPerSPerUser'
  | 'prefillTokensPerSPerUser'
  | 'onePiece'
  | 'totals'
  | 'promptCache'
  | 'requestsPerS'
  | 'outputTokensPerS'
  | 'inputTokensPerS'
  | 'goodputPerS'
  | 'steady'
  | 'ttftTrend'
  | 'deviation'
  | 'tails'
  | 'intervals'
  | 'window'
  | 'whole'
> & { readonly client: Pick<ClientHealth, 'sendLatenessMs' | 'inFlight'> }

/**
 * Summarises request records. Latencies are those of answered measured requests; failed ones are counted. For a whole
 * run, rates cover the time from the first request due to the last one ended. For a steady window they count what
 * arrived in it, of requests of any phase, and the figures of the whole run are added.
 */
export function summarise(records: RequestRecords, options: SummaryOptions): Summary {
  return options.steadyWindow === undefined
    ? wholeRun(records, options)
    : steady(records, options, options.steadyWindow)
}

function steady(records: RequestRecords, options: SummaryOptions, bounds: WindowBounds): Summary {
  const measured = requestsOfPhases(records, ['measured'])
  const window = steadyWindow(records, bounds)
  const durationS = (window.endMs - window.startMs) / 1000
  const within = answeredWithin(records, window)
  const perS = perSecondOf(durationS)
  const latencies = latenciesOf(measured, options.from)
  const { client, goodputPerS, requests, ...ofRequests } = wholeRun(measured, { ...options, slots: null }, latencies)
  const good = goodputPerS === null ? null : goodRequests(latencies, options.slo)
  const run = requestsOfPhases(records, ['warm-up', 'measured'])
  const slots = options.slots === null ? null : { ...options.slots, conversations: null, startGapMs: 0, stopMs: null }
  return {
    ...ofRequests,
    requests,
    durationS,
    requestsPerS: perS(within.requests),
    inputTokensPerS: perS(ofRequests.totals.inputTokens === null ? null : within.inputTokens),
    outputTokensPerS: perS(ofRequests.totals.outputTokens === null ? null : within.outputTokens),
    goodputPerS:
      good === null || requests.completed === 0 ? goodputPerS : perS(within.requests * (good / requests.completed)),
    window: 'steady',
    whole: figuresOfRun(run, latenciesOf(run, options.from)),
    client: { ...client, inFlight: inFlightOf(records, slots, window) },
  }
}

/** The figures that are kept of a whole run. */
function figuresOfRun(records: RequestRecords, latencies: RequestLatencies): WholeRun {
  const durationS = windowS(records)
  const perS = perSecondOf(durationS)
  const completed = records.error.reduce((sum, code) => sum + (code === 0 ? 1 : 0), 0)
  return {
    durationS,
    requests: { sent: records.count, completed, failed: records.count - completed },
    ttftMs: distributionOf(latencies.ttftMs),
    itlMs: distributionOf(latencies.itlMs),
    requestLatencyMs: distributionOf(latencies.requestLatencyMs),
    requestsPerS: perS(completed),
    inputTokensPerS: perS(sumOf(records, records.inputTokens)),
    outputTokensPerS: perS(sumOf(records, records.outputTokens)),
  }
}

/** A column with NaN for failed requests. */
function answered(records: RequestRecords, values: Float64Array): Float64Array {
  return values.map((value, row) => (records.error[row] === 0 ? value : Number.NaN))
}

function wholeRun(
  records: RequestRecords,
  options: SummaryOptions,
  latencies = latenciesOf(records, options.from),
): Summary {
  const inputTokens = answered(records, records.inputTokens)
  const outputTokens = answered(records, records.outputTokens)
  const run = figuresOfRun(records, latencies)
  const good = goodRequests(latencies, options.slo)
  const totals = {
    inputTokens: sumOf(records, records.inputTokens),
    outputTokens: sumOf(records, records.outputTokens),
    chunks: sumOf(records, records.chunks) ?? 0,
  }
  const isl = distributionOf(inputTokens)
  const osl = distributionOf(outputTokens)
  return {
    window: 'whole',
    ...run,
    ttstMs: distributionOf(latencies.ttstMs),
    fromSend: options.from === 'sent' ? null : fromSend(records),
    isl,
    osl,
    outputTokensPerSPerUser: outputTokensPerSPerUser(latencies),
    prefillTokensPerSPerUser: distributionOf(prefillTokensPerSPerUser(inputTokens, latencies.ttftMs)),
    onePiece: latencies.onePiece,
    totals,
    ...promptCacheOf(records),
    goodputPerS: perSecondOf(run.durationS)(good),
    steady: steadyState(latencySeries(records, latencies)),
    ttftTrend: trendOf(latencies.ttftMs.filter(value => !Number.isNaN(value))),
    deviation: {
      isl: deviation(isl?.mean ?? null, options.asked.isl),
      osl: deviation(osl?.mean ?? null, options.asked.osl),
    },
    tails: {
      ttftMs: tailsOf(latencies.ttftMs),
      itlMs: tailsOf(latencies.itlMs),
      requestLatencyMs: tailsOf(latencies.requestLatencyMs),
    },
    intervals: {
      ttftMs: intervalsOf(latencies.ttftMs),
      itlMs: intervalsOf(latencies.itlMs),
      requestLatencyMs: intervalsOf(latencies.requestLatencyMs),
    },
    client: {
      sendLatenessMs: distributionOf(
        records.sentMs.map((sent, row) => sent - (records.scheduledMs[row] ?? Number.NaN)),
      ),
      inFlight: inFlightOf(records, options.slots),
    },
  }
}

/** Empty where no answer says anything of a cache. */
function promptCacheOf({ count, error, inputTokens, cachedTokens }: RequestRecords): Pick<Measurement, 'promptCache'> {
  const sums = { answers: 0, answersInAll: 0, cachedTokens: 0, promptTokens: 0, impossible: 0 }
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
  }
  return sums.answers === 0 ? {} : { promptCache: sums }
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

/** Latency of each answered request in the order they were due, which rises when a queue grows. */
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

function deviation(got: number | null, asked: number | null): number | null {
  return got === null || asked === null || asked === 0 ? null : (got - asked) / asked
}

/** Sum of the values of answered requests that are numbers; null where there are answers but no values. */
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

/** A count per second of a window; null without a count, and where no time passed. */
function perSecondOf(durationS: number): (count: number | null) => number | null {
  return count => (count === null || !(durationS > 0) ? null : count / durationS)
}
