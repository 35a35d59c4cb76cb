import { dirname, join, relative } from 'node:path'
import { Histogram } from '../../metrics/histogram.ts'
import type { Finding, MeasuredSessions, Measurement, ReplayedTrace, RequestErrors } from '../../metrics/measurement.ts'
import type { RequestRecords } from '../../metrics/records.ts'
import { errorCode, mergeRecords, phaseCode, recordsFrom, requestsOfPhases } from '../../metrics/records.ts'
import { conversationsIn, foundWarmUp, keepFirst, type StopRule, settleStop } from '../../metrics/stopping/stop.ts'
import type { WindowBounds } from '../../metrics/window.ts'
import { steadyWindow } from '../../metrics/window.ts'
import { counted, defined, type Point, redactor, windowOf } from '../../model/index.ts'
import type { MeasureContext } from '../generator.ts'
import type { Trace } from '../trace.ts'
import { settleAnswers } from './afterwards.ts'
import { monotonicMs } from './control.ts'
import { mergeErrors } from './failure.ts'
import type { JobResult } from './job.ts'
import type { PhaseTimes } from './phases.ts'
import { besideWindow } from './phases.ts'
import { possibleShareOf } from './possible-cache.ts'
import { requestLogName, writeRequestLog } from './request-log.ts'
import type { RequestSet } from './request-set.ts'
import { measurementOf } from './result.ts'

/** Facts about a run that its threads don't know. */
export interface RunFacts {
  readonly point: Point
  readonly requests: RequestSet
  readonly startedAt: Date
  readonly times: PhaseTimes
  readonly clockJumpMs: number
  readonly lookupMs: number
  /** Number of processes that share the load. */
  readonly shards: number
  readonly env: Readonly<Record<string, string | undefined>>
  /** The rule that ended the load, and the number of measured requests at that point. */
  /** The replayed part of the trace. */
  readonly replay?: ReplayedTrace
  readonly trace?: Trace
  readonly stop?: { readonly rule: StopRule; readonly requests: number }
}

/** Combines the results of all threads, from any process, and writes the record of every request. */
export async function conclude(
  results: readonly JobResult[],
  facts: RunFacts,
  { folder, signal }: Pick<MeasureContext, 'folder' | 'signal'>,
): Promise<Measurement> {
  const { point, requests, times } = facts
  if (facts.stop !== undefined) {
    const { rule, requests: kept } = facts.stop
    keepFirst(
      results.map(result => result.records),
      rule,
      kept,
    )
  }
  const afterwards = await settleAnswers(results, point.deployment.model.tokenizer)
  const merged = mergeRecords(results.map(result => result.records))
  const found = facts.stop === undefined ? {} : foundBy(merged, facts.stop)
  const bounds = steadyBounds(point, requests.turns)
  const window = bounds === null ? null : steadyWindow(merged, bounds)
  const startMs = window?.startMs ?? 0
  const records = recordsFrom(merged, startMs)
  await writeRequestLog(folder, records, signal, point.deployment.model.mix)
  const measurement = measurementOf(window === null ? requestsOfPhases(records, ['measured']) : records, results, {
    point,
    requests,
    startedAt: new Date(facts.startedAt.getTime() + times.measuredMs - times.preparedMs + startMs).toISOString(),
    ...(window === null ? {} : { steadyWindow: { startMs: 0, endMs: window.endMs - startMs } }),
    ...roundsOf(facts),
    clockJumpMs: facts.clockJumpMs,
    lookupMs: facts.lookupMs,
    shards: facts.shards,
    counts: afterwards.counts,
    // The folder of a point is `points/<id>` in the run's.
    files: [relative(dirname(dirname(folder)), join(folder, requestLogName))],
    errors: mergeErrors(
      [...results.map(facts.stop === undefined ? result => result.errors : countedErrors), afterwards.errors],
      redactor(facts.env),
    ),
  })
  const nowMs = monotonicMs()
  const remarks = resentRemarks(results, measurement.requests.sent)
  return {
    ...measurement,
    ...(facts.stop === undefined || facts.stop.rule.moving !== null
      ? sessionsOf(results, measurement.requests.sent)
      : keptSessions(records, facts.stop.rule.turns)),
    ...(facts.shards > 1
      ? {}
      : possibleShareOf(results, { requests, workload: point.workload, trace: facts.trace ?? null })),
    ...defined({ replay: facts.replay }),
    ...(remarks.length === 0 ? {} : { remarks }),
    ...found,
    warmupRequests: requestsOfPhases(records, ['warm-up']).count,
    wallS: (nowMs - times.beganMs) / 1000,
    besideWindowS: besideWindow(
      // A window that moved began later than the threads' common start.
      found.warmUp === undefined ? times : { ...times, measuredMs: times.measuredMs + startMs },
      measurement.durationS,
      nowMs,
    ),
  }
}

/** The rounds of a window that moved; the last one may be incomplete. */
function roundsOf({ stop }: RunFacts): { readonly rounds?: readonly [from: number, to: number] } {
  if (stop === undefined || stop.rule.moving === null) return {}
  const { requests } = stop
  const { moving, round } = stop.rule
  return { rounds: [Math.floor((requests - moving) / round), Math.ceil(requests / round)] }
}

/** Results of the rule that ended the load. */
function foundBy(
  records: RequestRecords,
  { rule, requests }: NonNullable<RunFacts['stop']>,
): Pick<Measurement, 'stopping' | 'warmUp'> {
  if (rule.moving === null) return { stopping: settleStop(records, rule, requests) }
  return { warmUp: foundWarmUp(records, rule, requests, rule.moving) }
}

/** The failures of a thread that belong to measured requests. */
function countedErrors({ records, errors }: JobResult): readonly RequestErrors[] {
  const measured = phaseCode('measured')
  return errors
    .map(error => {
      const code = errorCode(error.kind)
      const count = records.error.reduce(
        (sum, each, row) => sum + (each === code && records.phase[row] === measured ? 1 : 0),
        0,
      )
      return { ...error, count: Math.min(count, error.count) }
    })
    .filter(error => error.count > 0)
}

/** The known bounds of a steady window, ms after the threads' common start; null for a whole run. */
function steadyBounds({ load }: Point, turns: number): WindowBounds | null {
  if (windowOf(load, turns) === 'whole') return null
  const endMs = load.durationS === undefined ? null : load.durationS * 1000
  return { startMs: load.level.kind === 'concurrency' ? null : 0, endMs }
}

function sessionsOf(results: readonly JobResult[], sent: number): { readonly sessions?: MeasuredSessions } {
  const seen = results.flatMap(({ sessions }) => sessions ?? [])
  if (seen.length === 0) return {}
  const sum = (of: (one: (typeof seen)[number]) => number) => seen.reduce((total, one) => total + of(one), 0)
  const lateness = new Histogram()
  for (const one of seen) lateness.merge(Histogram.from(one.lateness))
  const count = sum(one => one.sessions)
  return {
    sessions: {
      count,
      turns: count === 0 ? 0 : sent / count,
      byAnswer: sum(one => one.byAnswer),
      bySchedule: sum(one => one.bySchedule),
      skipped: sum(one => one.skipped),
      turnLatenessMs: lateness.toDistribution(),
    },
  }
}

/** The sessions of a load that stopped according to its measurements: those that it kept, all of them complete. */
function keptSessions(records: RequestRecords, turns: number): { readonly sessions?: MeasuredSessions } {
  if (turns === 1) return {}
  const measured = requestsOfPhases(records, ['measured'])
  const lateness = new Histogram()
  let byAnswer = 0
  for (let row = 0; row < measured.count; row++) {
    if (!((measured.turn[row] ?? 0) > 0)) continue
    byAnswer += 1
    lateness.record((measured.sentMs[row] ?? Number.NaN) - (measured.scheduledMs[row] ?? Number.NaN))
  }
  const count = conversationsIn(measured)
  return {
    sessions: {
      ...{ count, turns: count === 0 ? 0 : measured.count / count, byAnswer, bySchedule: 0 },
      skipped: count * turns - measured.count,
      turnLatenessMs: lateness.toDistribution(),
    },
  }
}

/** Reports the number of requests that met a connection closed as idle, if there are any. */
function resentRemarks(results: readonly JobResult[], sent: number): readonly Finding[] {
  const resent = results.reduce((sum, result) => sum + result.resent, 0)
  if (resent === 0) return []
  const message = `${resent} of ${counted(sent, 'request')} went out twice: the server or a proxy closed the kept-alive connection without a byte of an answer, so each was sent again on a new connection. Their latency counts from the first send. Raise the keep-alive timeout of the server or proxy`
  return [{ severity: 'warning', code: 'requests-resent', message }]
}
