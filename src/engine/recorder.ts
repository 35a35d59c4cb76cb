import { meetsObjectives } from '../metrics/definitions.ts'
import { tailBoundOf } from '../metrics/early-stopping.ts'
import { Histogram } from '../metrics/histogram.ts'
import type { Distribution, Measurement } from '../metrics/measurement.ts'
import { unknownHealth } from '../metrics/measurement.ts'
import { steadyState } from '../metrics/steady.ts'
import type { Slo } from '../point/index.ts'
import { createCourse } from './course.ts'
import { createFlight } from './flight.ts'
import type { EngineRequest } from './request.ts'

/** A request's times as its client sees them. */
export interface Answer {
  readonly request: EngineRequest
  /** When an open loop wanted to send it; when it was sent, in a closed one. */
  readonly dueMs: number
  readonly firstMs: number
  readonly secondMs: number
  readonly lastMs: number
}

/** What decides how a window is summed up. */
export interface RecorderOptions {
  readonly slo: Slo
  /** Latency counts from when requests were due, and from the send beside it. */
  readonly openLoop: boolean
  readonly asked: { readonly isl: number | null; readonly osl: number | null }
}

/** How a window ended. */
export interface WindowEnd {
  readonly startMs: number
  readonly endMs: number
  /** Requests that never could run, took longer than the timeout, or still ran when time and grace were over. */
  readonly failed: { readonly refused: number; readonly timeout: number; readonly cancelled: number }
}

/** Sums requests up as they are answered: its memory does not grow with them. */
export interface Recorder {
  /** A gap between two tokens of each of `sequences`. */
  gap(gapMs: number, sequences: number): void
  sent(dueMs: number, atMs: number): void
  /** A request in flight has ended without an answer. */
  lost(atMs: number): void
  answered(answer: Answer): void
  summary(end: WindowEnd): Measurement
}

function tailsOf(histogram: Histogram) {
  const at = (percentile: number) => tailBoundOf(histogram.count, rank => histogram.valueAt(rank), percentile).atMost
  return { p95: at(95), p99: at(99) }
}

function deviation(got: Distribution | null, asked: number | null): number | null {
  return got === null || asked === null || asked === 0 ? null : (got.mean - asked) / asked
}

/** Raised when a change of the simulation changes what it would say. */
const simulationVersion = 'virtual time 3'

/** Tokens/s of requests while they decode, as `outputTokensPerSPerUser` of the metrics defines them. */
function createSpeeds() {
  const each = new Histogram()
  let decodeMs = 0
  let tokens = 0
  let speedTokens = 0
  return {
    add(itlMs: number, tookMs: number) {
      if (!(itlMs > 0)) return
      each.record(1000 / itlMs)
      decodeMs += tookMs
      tokens += tookMs / itlMs
      // Speed² × time: what the weighted variance needs.
      speedTokens += (1000 / itlMs) * (tookMs / itlMs)
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

export function createRecorder({ slo, openLoop, asked }: RecorderOptions): Recorder {
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
  const course = createCourse()
  const flight = createFlight()
  const hasSlo = Object.values(slo).some(limit => limit !== undefined)
  let completed = 0
  let good = 0
  let inputTokens = 0
  let outputTokens = 0

  /** A simulated client loses no time: whatever slot had a request to send, sent it. */
  function inFlight() {
    const summary = flight.summary()
    return summary === null || openLoop ? summary : { ...summary, held: 1 }
  }

  return {
    gap: (gapMs, sequences) => gaps.record(gapMs, sequences),
    sent(dueMs, atMs) {
      lateness.record(atMs - dueMs)
      flight.sent(atMs)
    },
    lost: atMs => flight.ended(atMs),
    answered({ request, dueMs, firstMs, secondMs, lastMs }) {
      const ttftMs = firstMs - dueMs
      const latencyMs = lastMs - dueMs
      // ITL needs two tokens; NaN is not counted.
      const itlMs = (lastMs - firstMs) / (request.outputTokens - 1)
      completed += 1
      inputTokens += request.promptTokens
      outputTokens += request.outputTokens
      flight.ended(lastMs)
      course.add(dueMs, latencyMs)
      ttft.record(ttftMs)
      ttst.record(secondMs - firstMs)
      itl.record(itlMs)
      latency.record(latencyMs)
      fromSend?.ttft.record(firstMs - request.arrivedMs)
      fromSend?.latency.record(lastMs - request.arrivedMs)
      isl.record(request.promptTokens)
      osl.record(request.outputTokens)
      perUser.add(itlMs, lastMs - firstMs)
      if (ttftMs > 0) prefillPerUser.record((request.promptTokens * 1000) / ttftMs)
      const judged = { ttftMs, itlMs, requestLatencyMs: latencyMs, tokens: request.outputTokens }
      if (meetsObjectives(slo, judged) === true) good += 1
    },
    summary({ startMs, endMs, failed }) {
      const durationS = (endMs - startMs) / 1000
      const perS = (count: number) => (durationS > 0 ? count / durationS : 0)
      const failures = failed.refused + failed.timeout + failed.cancelled
      const got = { isl: isl.toDistribution(), osl: osl.toDistribution() }
      return {
        generator: { name: 'built-in', version: simulationVersion },
        startedAt: new Date(0).toISOString(),
        durationS,
        wallS: endMs / 1000,
        requests: { sent: completed + failures, completed, failed: failures },
        errors: [
          { kind: 'bad-response' as const, count: failed.refused, example: 'longer than the deployment takes' },
          { kind: 'timeout' as const, count: failed.timeout, example: 'not answered within the timeout' },
          {
            kind: 'cancelled' as const,
            count: failed.cancelled,
            example: 'still running when time and grace were over',
          },
        ].filter(error => error.count > 0),
        ttftMs: ttft.toDistribution(),
        ttstMs: ttst.toDistribution(),
        itlMs: itl.toDistribution(),
        interChunkMs: gaps.toDistribution(),
        requestLatencyMs: latency.toDistribution(),
        fromSend:
          fromSend === null
            ? null
            : {
                ttftMs: fromSend.ttft.toDistribution(),
                requestLatencyMs: fromSend.latency.toDistribution(),
              },
        ...got,
        outputTokensPerSPerUser: perUser.toDistribution(),
        prefillTokensPerSPerUser: prefillPerUser.toDistribution(),
        totals: { inputTokens, outputTokens, chunks: outputTokens },
        requestsPerS: perS(completed),
        outputTokensPerS: perS(outputTokens),
        inputTokensPerS: perS(inputTokens),
        goodputPerS: hasSlo ? perS(good) : null,
        tokenSource: 'generator',
        steady: steadyState(course.series),
        client: { ...unknownHealth, sendLatenessMs: lateness.toDistribution(), inFlight: inFlight() },
        tails: { ttftMs: tailsOf(ttft), itlMs: tailsOf(itl), requestLatencyMs: tailsOf(latency) },
        deviation: { isl: deviation(got.isl, asked.isl), osl: deviation(got.osl, asked.osl) },
        files: [],
      }
    },
  }
}
