import { Histogram } from '../metrics/histogram.ts'
import type { Measurement } from '../metrics/measurement.ts'
import type { Role, Slo } from '../point/index.ts'
import type { EngineRequest } from './request.ts'

/** What a simulation says of a point, in the fields that a measurement has for it, and what only a simulation can see. */
export type Prediction = Pick<
  Measurement,
  | 'durationS'
  | 'requests'
  | 'ttftMs'
  | 'itlMs'
  | 'interChunkMs'
  | 'requestLatencyMs'
  | 'isl'
  | 'osl'
  | 'outputTokensPerSPerUser'
  | 'totals'
  | 'requestsPerS'
  | 'outputTokensPerS'
  | 'inputTokensPerS'
  | 'goodputPerS'
> & {
  /** Requests in flight, time-weighted mean over the window. */
  readonly inFlightMean: number
  /** Share of the window that the workers of a role spent in passes, 0–1; absent roles have no key. */
  readonly busyShare: { readonly [role in Role]?: number }
}

/** Sums requests up as they finish: its memory does not grow with them. */
export interface PredictionRecorder {
  /** A gap between two tokens of each of `sequences`. */
  gap(gapMs: number, sequences: number): void
  finished(request: EngineRequest): void
  summary(window: {
    readonly startMs: number
    readonly endMs: number
    readonly failed: number
    readonly busyShare: Prediction['busyShare']
  }): Prediction
}

/** Whether a request met every objective, each read for the request itself. */
function meets(slo: Slo, ttftMs: number, itlMs: number, latencyMs: number): boolean {
  return (
    ttftMs <= (slo.ttftP95Ms ?? Number.POSITIVE_INFINITY) &&
    (Number.isNaN(itlMs) || itlMs <= (slo.itlP95Ms ?? Number.POSITIVE_INFINITY)) &&
    latencyMs <= (slo.requestLatencyP95Ms ?? Number.POSITIVE_INFINITY)
  )
}

export function createPredictionRecorder(slo: Slo): PredictionRecorder {
  const ttft = new Histogram()
  const itl = new Histogram()
  const gaps = new Histogram()
  const latency = new Histogram()
  const isl = new Histogram()
  const osl = new Histogram()
  const perUser = new Histogram()
  const hasSlo = Object.values(slo).some(limit => limit !== undefined)
  let completed = 0
  let good = 0
  let inputTokens = 0
  let outputTokens = 0
  let latencySumMs = 0

  return {
    gap: (gapMs, sequences) => gaps.record(gapMs, sequences),
    finished(request) {
      const ttftMs = request.firstTokenMs - request.arrivedMs
      const latencyMs = request.finishedMs - request.arrivedMs
      // ITL needs two tokens; NaN is not counted.
      const itlMs = (request.finishedMs - request.firstTokenMs) / (request.outputTokens - 1)
      completed += 1
      inputTokens += request.promptTokens
      outputTokens += request.outputTokens
      latencySumMs += latencyMs
      ttft.record(ttftMs)
      itl.record(itlMs)
      latency.record(latencyMs)
      isl.record(request.promptTokens)
      osl.record(request.outputTokens)
      perUser.record(1000 / itlMs)
      if (meets(slo, ttftMs, itlMs, latencyMs)) good += 1
    },
    summary({ startMs, endMs, failed, busyShare }) {
      const durationS = (endMs - startMs) / 1000
      const perS = (count: number) => (durationS > 0 ? count / durationS : 0)
      return {
        durationS,
        requests: { sent: completed + failed, completed, failed },
        ttftMs: ttft.toDistribution(),
        itlMs: itl.toDistribution(),
        interChunkMs: gaps.toDistribution(),
        requestLatencyMs: latency.toDistribution(),
        isl: isl.toDistribution(),
        osl: osl.toDistribution(),
        outputTokensPerSPerUser: perUser.toDistribution(),
        totals: { inputTokens, outputTokens, chunks: outputTokens },
        requestsPerS: perS(completed),
        outputTokensPerS: perS(outputTokens),
        inputTokensPerS: perS(inputTokens),
        goodputPerS: hasSlo ? perS(good) : null,
        inFlightMean: perS(latencySumMs / 1000),
        busyShare,
      }
    },
  }
}
