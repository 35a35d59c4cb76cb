import { wholeRunOf } from '../metrics/build-measurement.ts'
import { itlOf } from '../metrics/definitions.ts'
import { Histogram } from '../metrics/histogram.ts'
import type { WholeRun } from '../metrics/measurement.ts'
import { type ClientTimes, decodeOf } from './request.ts'

/** Figures of a run from its empty start to its last measured answer, summed as they arrive. */
export interface WholeRunRecorder {
  sent(dueMs: number): void
  answered(answer: ClientTimes): void
  summary(endMs: number, failed: number): WholeRun
}

/** Creates an empty recorder of a whole run. */
export function createWholeRun(): WholeRunRecorder {
  const ttft = new Histogram()
  const itl = new Histogram()
  const latency = new Histogram()
  let startMs = Number.POSITIVE_INFINITY
  let completed = 0
  let inputTokens = 0
  let outputTokens = 0
  return {
    sent: dueMs => {
      startMs = Math.min(startMs, dueMs)
    },
    answered: answer => {
      const { request, dueMs, firstMs, lastMs } = answer
      completed += 1
      inputTokens += request.promptTokens
      outputTokens += request.outputTokens
      ttft.record(firstMs - dueMs)
      itl.record(itlOf(decodeOf(answer)))
      latency.record(lastMs - dueMs)
    },
    summary: (endMs, failed) => {
      const durationS = Math.max(0, endMs - startMs) / 1000
      const within = { requests: completed, inputTokens, outputTokens }
      return wholeRunOf(durationS, within, failed, {
        ttftMs: ttft.toDistribution(),
        itlMs: itl.toDistribution(),
        requestLatencyMs: latency.toDistribution(),
      })
    },
  }
}
