import { byModel } from '../../metrics/by-model.ts'
import type { HistogramState } from '../../metrics/histogram.ts'
import { Histogram } from '../../metrics/histogram.ts'
import type { Measurement, RequestErrors, TokenCounts } from '../../metrics/measurement.ts'
import type { RequestRecords } from '../../metrics/records.ts'
import { requestsOfPhases } from '../../metrics/records.ts'
import { summarise } from '../../metrics/summary.ts'
import { tokenSourceOf } from '../../metrics/token-counts.ts'
import type { WindowBounds } from '../../metrics/window.ts'
import { defined, largest, type Point, startGapMs } from '../../model/index.ts'
import { slotsOf } from '../slots.ts'
import { askedLengths, datasetDeviation, possibleCachedShare, sentPrompts } from './asked.ts'
import type { JobResult, ThreadHealth } from './job.ts'
import type { RequestSet } from './request-set.ts'

/** Increase it when a change of the generator changes its measurements. */
export const generatorVersion = '3'

/** Inputs of a measurement in addition to the threads' results. */
export interface ResultContext {
  readonly point: Point
  readonly requests: RequestSet
  readonly startedAt: string
  /** Bounds of a steady window on the records' clock; absent for a whole run. */
  readonly steadyWindow?: WindowBounds
  /** Rounds of a window that moved, from the first measured request on. */
  readonly rounds?: readonly [from: number, to: number]
  readonly clockJumpMs: number
  readonly lookupMs: number
  /** Number of processes that share the slots; each process starts its slots one after another. */
  readonly shards: number
  readonly errors: readonly RequestErrors[]
  readonly counts: TokenCounts
  /** Relative to the run's folder. */
  readonly files: readonly string[]
}

/** Combines the threads' results into one measurement. */
export function measurementOf(
  records: RequestRecords,
  results: readonly JobResult[],
  context: ResultContext,
): Omit<Measurement, 'wallS'> {
  const { point, requests } = context
  const { mix } = point.deployment.model
  const from = point.load.level.kind === 'concurrency' ? 'sent' : 'scheduled'
  const sent = {
    measured: requestsOfPhases(records, ['measured']).count,
    warmup: requestsOfPhases(records, ['warm-up']).count,
  }
  const summary = summarise(records, {
    // The records do not contain each user's think time. If it varies, slots are unknown.
    slots:
      point.workload.conversation?.thinkSpread === undefined
        ? slotsOf(point.load, {
            turns: requests.turns,
            thinkMs: point.workload.conversation?.thinkMs ?? 0,
            startGapMs: startGapMs / context.shards,
          })
        : null,
    from,
    slo: point.slo,
    asked: askedLengths(point.load, requests, sent.measured, sent.warmup),
    ...defined({ steadyWindow: context.steadyWindow }),
  })
  return {
    generator: { name: 'built-in', version: generatorVersion },
    startedAt: context.startedAt,
    ...summary,
    ...(point.workload.datasetFile === undefined && point.load.level.kind !== 'trace'
      ? {}
      : { deviation: datasetDeviation(point.workload, summary) }),
    ...(mix === undefined ? {} : { models: byModel(requestsOfPhases(records, ['measured']), mix, from) }),
    ...sentPrompts(point.load, requests, sent),
    ...possibleCachedShare(point, requests, sent),
    errors: context.errors,
    interChunkMs: mergeHistograms(results.flatMap(result => gapsOf(result, context.rounds))).toDistribution(),
    tokenSource: tokenSourceOf(context.counts),
    tokenCounts: context.counts,
    client: {
      ...summary.client,
      ...threadHealth(results.map(result => result.health)),
      stampUncertaintyMs: mergeHistograms(results.map(result => result.waits)).toDistribution(),
      clockJumpMs: context.clockJumpMs,
      lookupMs: context.lookupMs,
    },
    files: context.files,
  }
}

function gapsOf({ gaps, gapsByRound }: JobResult, rounds: ResultContext['rounds']): readonly HistogramState[] {
  return gapsByRound === undefined ? [gaps] : gapsByRound.slice(...(rounds ?? []))
}

function mergeHistograms(states: readonly HistogramState[]): Histogram {
  const merged = new Histogram()
  for (const state of states) merged.merge(Histogram.from(state))
  return merged
}

/**
 * Combines the health of all threads: their CPU time and pauses for garbage collection are summed, delays are the
 * worst thread's. Shares are per thread, 0–1: the kernel counts CPU time and waits in steps, which can add up to more
 * than a window of milliseconds.
 */
export function threadHealth(threads: readonly ThreadHealth[]) {
  const waits = threads.flatMap(({ runQueueWaitMs }) => runQueueWaitMs ?? [])
  const cpuS = threads.reduce((sum, thread) => sum + thread.cpuMs, 0) / 1000
  const windowS = largest(threads.map(thread => thread.watchedMs)) / 1000
  return {
    // Values of the worst thread: the others can't compensate for its delay.
    eventLoopDelayMs: {
      mean: largest(threads.map(thread => thread.loopDelayMs.mean)),
      p99: largest(threads.map(thread => thread.loopDelayMs.p99)),
      max: largest(threads.map(thread => thread.loopDelayMs.max)),
    },
    cpuShare: windowS > 0 ? Math.min(1, cpuS / (windowS * threads.length)) : 0,
    cpuS,
    gcMs: threads.reduce((sum, thread) => sum + thread.gcMs, 0),
    runQueueWaitMs: waits.length === 0 ? null : waits.reduce((sum, waitedMs) => sum + waitedMs, 0),
    runQueueShare: waits.length === 0 || windowS <= 0 ? null : Math.min(1, largest(waits) / (windowS * 1000)),
    threads: threads.length,
  }
}
