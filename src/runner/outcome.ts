import type { PointCounts } from '../journal/index.ts'
import { exitCodes, type FulcrumError } from '../model/index.ts'

/** Why a run came to its end. */
export interface RunEnd {
  readonly outcome: 'complete' | 'interrupted' | 'budget' | 'failed'
  /** Empty for a complete run. */
  readonly reason: string
  /** What ended a failed run. */
  readonly error?: FulcrumError
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

/** The exit code that a run's end deserves: a spent budget is what was asked for, a failed point is not. */
export function exitCodeOf(end: RunEnd, points: PointCounts): number {
  if (end.outcome === 'interrupted') return exitCodes.interrupted
  if (end.outcome === 'failed') return end.error?.kind === 'bad-input' ? exitCodes.badInput : exitCodes.environment
  return points.failed + points.invalid > 0 ? exitCodes.pointsFailed : exitCodes.ok
}
