import { dirname, join, relative } from 'node:path'
import type { Finding, Measurement } from '../../metrics/measurement.ts'
import { mergeRecords, recordsFrom, requestsOfPhases } from '../../metrics/records.ts'
import type { WindowBounds } from '../../metrics/window.ts'
import { steadyWindow } from '../../metrics/window.ts'
import type { Point } from '../../point/index.ts'
import { redactor, windowOf } from '../../point/index.ts'
import type { MeasureContext } from '../generator.ts'
import { settleAnswers } from './afterwards.ts'
import { monotonicMs } from './control.ts'
import { mergeErrors } from './failure.ts'
import type { JobResult } from './job.ts'
import type { PhaseTimes } from './phases.ts'
import { besideWindow } from './phases.ts'
import { requestLogName, writeRequestLog } from './request-log.ts'
import type { RequestSet } from './request-set.ts'
import { measurementOf } from './result.ts'

/** What is known of a run besides what its threads saw. */
export interface RunFacts {
  readonly point: Point
  readonly requests: RequestSet
  readonly startedAt: Date
  readonly times: PhaseTimes
  readonly clockJumpMs: number
  readonly lookupMs: number
  /** Processes among which the load was split. */
  readonly shards: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Sums up what all threads saw, whatever process they ran in, and keeps the record of every request. */
export async function conclude(
  results: readonly JobResult[],
  facts: RunFacts,
  { folder, signal }: Pick<MeasureContext, 'folder' | 'signal'>,
): Promise<Measurement> {
  const { point, requests, times } = facts
  const afterwards = await settleAnswers(results, point.deployment.model.tokenizer)
  const merged = mergeRecords(results.map(result => result.records))
  const bounds = steadyBounds(point, requests.turns)
  const startMs = bounds === null ? 0 : steadyWindow(merged, bounds).startMs
  const records = recordsFrom(merged, startMs)
  await writeRequestLog(folder, records, signal)
  const measurement = measurementOf(bounds === null ? requestsOfPhases(records, ['measured']) : records, results, {
    point,
    requests,
    startedAt: new Date(facts.startedAt.getTime() + times.measuredMs - times.preparedMs + startMs).toISOString(),
    ...(bounds === null
      ? {}
      : { steadyWindow: { startMs: 0, endMs: bounds.endMs === null ? null : bounds.endMs - startMs } }),
    clockJumpMs: facts.clockJumpMs,
    lookupMs: facts.lookupMs,
    shards: facts.shards,
    counts: afterwards.counts,
    // The folder of a point is `points/<id>` in the run's.
    files: [relative(dirname(dirname(folder)), join(folder, requestLogName))],
    errors: mergeErrors([...results.map(result => result.errors), afterwards.errors], redactor(facts.env)),
  })
  const nowMs = monotonicMs()
  const remarks = resentRemarks(results, measurement.requests.sent)
  return {
    ...measurement,
    ...(remarks.length === 0 ? {} : { remarks }),
    warmupRequests: requestsOfPhases(records, ['warm-up']).count,
    wallS: (nowMs - times.beganMs) / 1000,
    besideWindowS: besideWindow(times, measurement.durationS, nowMs),
  }
}

/** What of a steady window is known beforehand, ms after the threads' common start of it; null for a whole run. */
function steadyBounds({ load }: Point, turns: number): WindowBounds | null {
  if (windowOf(load, turns) === 'whole') return null
  const endMs = load.durationS === undefined ? null : load.durationS * 1000
  return { startMs: load.level.kind === 'concurrency' ? null : 0, endMs }
}

/** Says how many requests met a connection that its peer had closed for idleness; nothing when none did. */
function resentRemarks(results: readonly JobResult[], sent: number): readonly Finding[] {
  const resent = results.reduce((sum, result) => sum + result.resent, 0)
  if (resent === 0) return []
  const message = `${resent} of ${sent} requests went out twice: the server or a proxy closed the kept-alive connection without a byte of an answer, so each was sent again on a new one. Their latency counts from the first send. Raise the keep-alive timeout of what closes connections`
  return [{ severity: 'warning', code: 'requests-resent', message }]
}
