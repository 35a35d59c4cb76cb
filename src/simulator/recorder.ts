import { pacedPart } from '../metrics/arrivals.ts'
import { measured } from '../metrics/build-measurement.ts'
import { itlOf, meetsObjectives } from '../metrics/definitions.ts'
import { tailBoundOf } from '../metrics/early-stopping.ts'
import { Histogram } from '../metrics/histogram.ts'
import type { CountedMeasurement, Distribution } from '../metrics/measurement.ts'
import { unknownHealth } from '../metrics/measurement.ts'
import type { RequestPhase } from '../metrics/records.ts'
import type { Slo, WindowKind } from '../model/index.ts'
import { createFlight } from './flight.ts'
import { type ClientTimes, decodeOf } from './request.ts'
import { createTimeSeries } from './time-series.ts'
import { createWholeRun } from './whole-run.ts'
import { createWindowSums } from './window-sums.ts'

/** Options for summarizing a window. */
export interface RecorderOptions {
  readonly slo: Slo
  /** Latency counts from when requests were due; latency from the send time is added. */
  readonly openLoop: boolean
  readonly asked: { readonly isl: number | null; readonly osl: number | null }
  readonly window: WindowKind
}

/** End of a measurement. */
export interface WindowEnd {
  readonly startMs: number
  /** When the last measured request was sent. */
  readonly lastSentMs: number
  /** When a steady window ends by time; null if its requests end it. */
  readonly timeUpMs: number | null
  /** The last answer to a measured request, or when the last of them was canceled. */
  readonly endMs: number
  /** Requests that could never run, exceeded the timeout, or were still running after time and grace period. */
  readonly failed: { readonly refused: number; readonly timeout: number; readonly cancelled: number }
}

/** Summarizes requests as they are answered, so that memory does not grow with them. */
export interface Recorder {
  /** Records a gap between two tokens of each of `sequences` sequences. */
  gap(gapMs: number, sequences: number): void
  /** The measurement window begins. */
  begin(startMs: number): void
  /** @param number of the request in a closed loop, whose conversations are numbered as they begin */
  sent(dueMs: number, atMs: number, phase: RequestPhase, number?: number): void
  /** A request in flight ended without an answer. */
  lost(atMs: number, phase: RequestPhase, number?: number): void
  answered(answer: ClientTimes, phase: RequestPhase, number?: number): void
  /** So many requests of a closed loop, from a number on, will never be sent. */
  missed?(number: number, count: number): void
  summary(end: WindowEnd): CountedMeasurement
}

function tailsOf(histogram: Histogram) {
  const at = (percentile: number) => tailBoundOf(histogram.count, rank => histogram.valueAt(rank), percentile).atMost
  return { p95: at(95), p99: at(99) }
}

/** Increase when a change of the simulation changes its results. */
const simulationVersion = 'virtual time 5'

/** Tokens/s of requests while they decode, as defined by `outputTokensPerSPerUser` of the metrics. */
function createSpeeds() {
  const each = new Histogram()
  let decodeMs = 0
  let tokens = 0
  let speedTokens = 0
  return {
    add(part: ReturnType<typeof pacedPart>) {
      if (part === null) return
      const speed = (part.tokens * 1000) / part.ms
      each.record(speed)
      decodeMs += part.ms
      tokens += part.tokens
      // Speed² × time: what the weighted variance needs.
      speedTokens += speed * part.tokens
    },
    toDistribution(): Distribution | null {
      const distribution = each.toDistribution()
      if (distribution === null) return null
      const mean = (tokens * 1000) / decodeMs
      const variance = (speedTokens * 1000) / decodeMs - mean * mean
      return { ...distribution, mean, stddev: Math.sqrt(Math.max(0, variance)) }
    },
  }
}

/** Creates a recorder for one window. */
export function createRecorder({ slo, openLoop, asked, window }: RecorderOptions): Recorder {
  const ttft = new Histogram()
  const ttst = new Histogram()
  const itl = new Histogram()
  const gaps = new Histogram()
  const latency = new Histogram()
  const fromSend = openLoop ? { ttft: new Histogram(), latency: new Histogram() } : null
  const isl = new Histogram()
  const osl = new Histogram()
  const perUser = createSpeeds()
  const prefillPerUser = new Histogram()
  const lateness = new Histogram()
  const latencySeries = createTimeSeries()
  const ttftSeries = createTimeSeries()
  const flight = createFlight()
  const sums = createWindowSums()
  const run = createWholeRun()
  // The simulation has no reasoning, so with a TTFO objective there is no goodput.
  const hasSlo = slo.ttfoP95Ms === undefined && Object.values(slo).some(limit => limit !== undefined)
  let completed = 0
  let good = 0
  let inputTokens = 0
  let outputTokens = 0
  let warmup = 0
  let firstAnswerMs = Number.POSITIVE_INFINITY

  /** A simulated client loses no time: every slot with a request to send sent it. */
  function inFlight() {
    const summary = flight.summary()
    return summary === null || openLoop ? summary : { ...summary, held: 1 }
  }

  return {
    gap: (gapMs, sequences) => gaps.record(gapMs, sequences),
    begin(startMs) {
      flight.begin(startMs)
      sums.begin(startMs)
    },
    sent(dueMs, atMs, phase) {
      if (phase === 'after') return
      run.sent(dueMs)
      flight.sent(atMs)
      sums.sent(atMs)
      if (phase === 'warm-up') warmup += 1
      else lateness.record(atMs - dueMs)
    },
    lost: (atMs, phase) => {
      if (phase !== 'after') flight.ended(atMs)
    },
    answered(answer, phase) {
      const { request, dueMs, firstMs, secondMs, lastMs } = answer
      const decode = decodeOf(answer)
      sums.answered({
        ...decode,
        sentMs: request.arrivedMs,
        inputTokens: request.promptTokens,
      })
      if (phase === 'after') return
      flight.ended(lastMs)
      run.answered(answer)
      if (phase === 'warm-up') return
      const ttftMs = firstMs - dueMs
      const latencyMs = lastMs - dueMs
      // ITL needs two tokens; NaN is not counted.
      const itlMs = itlOf(decode)
      firstAnswerMs = Math.min(firstAnswerMs, lastMs)
      completed += 1
      inputTokens += request.promptTokens
      outputTokens += request.outputTokens
      latencySeries.add(dueMs, latencyMs)
      ttftSeries.add(dueMs, ttftMs)
      ttft.record(ttftMs)
      ttst.record(secondMs - firstMs)
      itl.record(itlMs)
      latency.record(latencyMs)
      fromSend?.ttft.record(firstMs - request.arrivedMs)
      fromSend?.latency.record(lastMs - request.arrivedMs)
      isl.record(request.promptTokens)
      osl.record(request.outputTokens)
      perUser.add(pacedPart(decode))
      if (ttftMs > 0) prefillPerUser.record((request.promptTokens * 1000) / ttftMs)
      const judged = { ttftMs, ttfoMs: Number.NaN, itlMs, requestLatencyMs: latencyMs, tokens: request.outputTokens }
      if (meetsObjectives(slo, judged) === true) good += 1
    },
    summary({ startMs, lastSentMs, timeUpMs, endMs, failed }) {
      const isSteady = window === 'steady'
      // If all requests were sent at once, the window lasts until the last answer.
      const bySendsMs = firstAnswerMs < lastSentMs ? lastSentMs : endMs
      const windowEndMs = isSteady ? (timeUpMs ?? bySendsMs) : endMs
      const durationS = (windowEndMs - startMs) / 1000
      const within = isSteady ? sums.until(windowEndMs) : { requests: completed, inputTokens, outputTokens }
      const failures = failed.refused + failed.timeout + failed.cancelled
      const figures = measured({
        window,
        durationS,
        completed,
        failed: failures,
        within,
        ttftMs: ttft.toDistribution(),
        ttstMs: ttst.toDistribution(),
        itlMs: itl.toDistribution(),
        requestLatencyMs: latency.toDistribution(),
        fromSend:
          fromSend === null
            ? null
            : {
                ttftMs: fromSend.ttft.toDistribution(),
                requestLatencyMs: fromSend.latency.toDistribution(),
              },
        isl: isl.toDistribution(),
        osl: osl.toDistribution(),
        outputTokensPerSPerUser: perUser.toDistribution(),
        prefillTokensPerSPerUser: prefillPerUser.toDistribution(),
        totals: { inputTokens, outputTokens, chunks: outputTokens },
        good: hasSlo ? good : null,
        latencies: latencySeries.series,
        ttftValues: ttftSeries.series.values,
        asked,
        tails: { ttftMs: tailsOf(ttft), itlMs: tailsOf(itl), requestLatencyMs: tailsOf(latency) },
      })
      return {
        generator: { name: 'built-in', version: simulationVersion },
        startedAt: new Date(0).toISOString(),
        ...figures,
        // Every token is counted, and nothing is served in a window without length.
        requestsPerS: figures.requestsPerS ?? 0,
        inputTokensPerS: figures.inputTokensPerS ?? 0,
        outputTokensPerS: figures.outputTokensPerS ?? 0,
        goodputPerS: hasSlo ? (figures.goodputPerS ?? 0) : null,
        totals: { inputTokens, outputTokens, chunks: outputTokens },
        wallS: endMs / 1000,
        errors: [
          { kind: 'bad-response' as const, count: failed.refused, example: 'longer than the deployment takes' },
          { kind: 'timeout' as const, count: failed.timeout, example: 'not answered within the timeout' },
          {
            kind: 'cancelled' as const,
            count: failed.cancelled,
            example: 'still running when time and grace were over',
          },
        ].filter(error => error.count > 0),
        interChunkMs: gaps.toDistribution(),
        warmupRequests: warmup,
        ...(isSteady ? { whole: run.summary(endMs, failures) } : {}),
        tokenSource: 'generator',
        client: { ...unknownHealth, sendLatenessMs: lateness.toDistribution(), inFlight: inFlight() },
        files: [],
      }
    },
  }
}
