import type { PointResult } from '../journal/index.ts'
import { exitCodes, type FulcrumError, type Point } from '../model/index.ts'

/** Why a run came to its end. */
export interface RunEnd {
  readonly outcome: 'complete' | 'interrupted' | 'budget' | 'failed'
  /** Empty for a complete run. */
  readonly reason: string
  /** What ended a failed run. */
  readonly error?: FulcrumError
}

/** How the planned points stand when an attempt is over. */
export interface PointCounts {
  readonly planned: number
  readonly ok: number
  readonly invalid: number
  readonly failed: number
  readonly missing: number
  /** Left out by a search that came to its end, because they cannot win. */
  readonly skipped: number
}

/** What is left to say when an attempt at a run is over. */
export interface RunOutcome extends RunEnd {
  readonly folder: string
  readonly points: PointCounts
  /** Points measured in this attempt, repeated ones counted each time. */
  readonly measured: number
  readonly elapsedS: number
  readonly exitCode: number
}

/**
 * Counts the plan's points by the latest result of each.
 * @param skipped how many points a search left out, which are therefore not missing
 */
export function countPoints(planned: readonly Point[], results: readonly PointResult[], skipped = 0): PointCounts {
  const statusOf = new Map(results.map(result => [result.point.id, result.status]))
  const count = (status: PointResult['status'] | undefined) =>
    planned.filter(point => statusOf.get(point.id) === status).length
  return {
    planned: planned.length,
    ok: count('ok'),
    invalid: count('invalid'),
    failed: count('failed'),
    missing: count(undefined) - skipped,
    skipped,
  }
}

/** The exit code that a run's end deserves: a spent budget is what was asked for, a failed point is not. */
export function exitCodeOf(end: RunEnd, points: PointCounts): number {
  if (end.outcome === 'interrupted') return exitCodes.interrupted
  if (end.outcome === 'failed') return end.error?.kind === 'bad-input' ? exitCodes.badInput : exitCodes.environment
  return points.failed + points.invalid > 0 ? exitCodes.pointsFailed : exitCodes.ok
}
