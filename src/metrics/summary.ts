import type { Slo } from '../point/index.ts'
import type { LatencyFrom, RequestLatencies } from './definitions.ts'
import { goodRequests, latenciesOf, outputTokensPerSPerUser, prefillTokensPerSPerUser } from './definitions.ts'
import { distributionOf, sortedNumbers } from './distribution.ts'
import { tailBound } from './early-stopping.ts'
import type { Slots } from './in-flight.ts'
import { inFlightOf } from './in-flight.ts'
import type { ClientHealth, Measurement } from './measurement.ts'
import type { RequestRecords } from './records.ts'
import { percentileIntervalOfSeries } from './statistics/percentile-interval.ts'
import { steadyState } from './steady.ts'

/** What a summary needs beyond the records. */
export interface SummaryOptions {
  /** `scheduled` for an open loop, `sent` for a closed one. */
  readonly from: LatencyFrom
  readonly slo: Slo
  /** Mean lengths that the sent requests asked for, in tokens; null where nothing was asked. */
  readonly asked: { readonly isl: number | null; readonly osl: number | null }
  /** What a closed loop was to keep busy; null for an open one. */
  readonly slots: Slots | null
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
  | 'requestsPerS'
  | 'outputTokensPerS'
  | 'inputTokensPerS'
  | 'goodputPerS'
  | 'steady'
  | 'deviation'
  | 'tails'
  | 'intervals'
> & { readonly client: Pick<ClientHealth, 'sendLatenessMs' | 'inFlight'> }

/**
 * Sums request records up. The window goes from the first request due to the last one ended; rates are over all of it and
 * count answered requests only, latencies too. Failed requests are counted, and their time is in the window.
 */
export function summarise(records: RequestRecords, options: SummaryOptions): Summary {
  const latencies = latenciesOf(records, options.from)
  const answered = (values: Float64Array) => values.map((value, row) => (records.error[row] === 0 ? value : Number.NaN))
  const inputTokens = answered(records.inputTokens)
  const outputTokens = answered(records.outputTokens)
  const durationS = windowS(records)
  const perS = (count: number) => (durationS > 0 ? count / durationS : 0)
  const completed = records.error.reduce((sum, code) => sum + (code === 0 ? 1 : 0), 0)
  const good = goodRequests(latencies, options.slo)
  const totals = {
    inputTokens: sumOf(inputTokens),
    outputTokens: sumOf(outputTokens),
    chunks: sumOf(answered(records.chunks)),
  }
  const isl = distributionOf(inputTokens)
  const osl = distributionOf(outputTokens)
  return {
    durationS,
    requests: { sent: records.count, completed, failed: records.count - completed },
    ttftMs: distributionOf(latencies.ttftMs),
    ttstMs: distributionOf(latencies.ttstMs),
    itlMs: distributionOf(latencies.itlMs),
    requestLatencyMs: distributionOf(latencies.requestLatencyMs),
    fromSend: options.from === 'sent' ? null : fromSend(records),
    isl,
    osl,
    outputTokensPerSPerUser: outputTokensPerSPerUser(latencies),
    prefillTokensPerSPerUser: distributionOf(prefillTokensPerSPerUser(inputTokens, latencies.ttftMs)),
    onePiece: latencies.onePiece,
    totals,
    requestsPerS: perS(completed),
    outputTokensPerS: perS(totals.outputTokens),
    inputTokensPerS: perS(totals.inputTokens),
    goodputPerS: good === null ? null : perS(good),
    steady: steadyState(latencySeries(records, latencies)),
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

/** Latency of each answered request in the order they were due: what rises when a queue grows. */
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

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value), 0)
}
