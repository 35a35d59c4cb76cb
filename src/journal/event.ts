import type { Finding, Measurement, Status } from '../metrics/measurement.ts'
import type { Quality } from '../metrics/quality.ts'
import type { Deployment, Load, Point, Workload } from '../model/index.ts'

/**
 * Result of a measured or failed point: one self-contained journal line.
 *
 * @example
 * ```ts
 * import type { PointResult } from 'fulcrum'
 *
 * export const ttftP95Ms = ({ measurement }: PointResult): number | null => measurement?.ttftMs?.p95 ?? null
 * ```
 */
export interface PointResult {
  readonly point: Point
  readonly status: Status
  /** Empty if ok; otherwise the findings' messages on one line. */
  readonly reason: string
  readonly findings: readonly Finding[]
  /** Null if the generator could not run at all. */
  readonly measurement: Measurement | null
}

/** Why a search skipped a point. */
export const leftOutReasons = {
  dominated: 'a measured point is at least as good on both axes',
  saturated: 'past the load at which its workers saturate',
  little: 'little left to gain between measured points',
  repeat: 'a repeat that decides no recommendation',
} as const

/** A load level, or some of its repeats, that a complete search left unmeasured. */
export interface LeftOut {
  readonly pointIds: readonly string[]
  readonly workload: Workload
  readonly load: Load
  readonly reason: keyof typeof leftOutReasons
  /** One sentence with figures. */
  readonly why: string
  /** Expected output tokens/s per user (x) and per GPU (y); null if only repeats were skipped. */
  readonly expected: { readonly x: number; readonly y: number } | null
}

/** One line of journal.jsonl without the sequence number, time and checksum that the journal adds. */
export type JournalEvent =
  | {
      readonly type: 'run-started'
      readonly fulcrumVersion: string
      readonly pid: number
      readonly attempt: number
      /** Ids of points that this attempt measures again, regardless of earlier results; absent if none. */
      readonly again?: readonly string[]
    }
  | {
      readonly type: 'deployment'
      readonly deploymentId: string
      readonly label: string
      /** `not-run`: the remaining machines have no room for it; its points wait for another attempt. */
      readonly outcome: 'ready' | 'failed' | 'not-run'
      readonly workersStarted: number
      readonly workersStopped: number
      readonly elapsedS: number
      readonly reason: string
    }
  | {
      readonly type: 'point'
      readonly result: PointResult
      /** Wall seconds of the point, including starting and ending the load. */
      readonly elapsedS: number
    }
  /** Result of a quality check at a point's load; null with the reason if the check could not run. */
  | {
      readonly type: 'quality'
      readonly pointId: string
      readonly deploymentId: string
      readonly quality: Quality | null
      readonly reason: string
      readonly elapsedS: number
    }
  | { readonly type: 'note'; readonly message: string }
  /** Written once a deployment's search is complete. */
  | { readonly type: 'left-out'; readonly deployment: Deployment; readonly points: readonly LeftOut[] }
  /** `budget`: the sweep file's budget is spent and points are missing. `failed`: the environment failed. */
  | {
      readonly type: 'run-ended'
      readonly outcome: 'complete' | 'interrupted' | 'budget' | 'failed'
      readonly reason: string
    }

/** A line as it is in the file. */
export interface JournalLine {
  readonly seq: number
  /** ISO 8601. */
  readonly at: string
  readonly event: JournalEvent
}

/** Levels that a complete search left unmeasured, by deployment; empty for a grid and during a search. */
export function leftOutIn(
  lines: readonly JournalLine[],
): readonly { readonly deployment: Deployment; readonly points: readonly LeftOut[] }[] {
  return lines.flatMap(({ event }) => (event.type === 'left-out' ? [event] : []))
}
