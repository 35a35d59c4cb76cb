import type { PointCounts } from '../journal/index.ts'
import { exitCodes, type FulcrumError } from '../model/index.ts'

/** Why a run ended. */
export interface RunEnd {
  readonly outcome: 'complete' | 'interrupted' | 'budget' | 'failed'
  /** Empty for a complete run. */
  readonly reason: string
  /** The error that ended a failed run. */
  readonly error?: FulcrumError
}

/** The outcome of one attempt at a run. */
export interface RunOutcome extends RunEnd {
  readonly folder: string
  readonly points: PointCounts
  /** Points measured in this attempt. Repeated measurements of a point count each time. */
  readonly measured: number
  readonly elapsedS: number
  readonly exitCode: number
}

/** The exit code of a run. A spent budget was asked for, so it is a success; a failed point is not. */
export function exitCodeOf(end: RunEnd, points: PointCounts): number {
  if (end.outcome === 'interrupted') return exitCodes.interrupted
  if (end.outcome === 'failed') return end.error?.kind === 'bad-input' ? exitCodes.badInput : exitCodes.environment
  return points.failed + points.invalid > 0 ? exitCodes.pointsFailed : exitCodes.ok
}
