import type { Finding, Measurement, Status } from '../metrics/measurement.ts'
import type { Quality } from '../metrics/quality.ts'
import type { Deployment, Load, Point, Workload } from '../model/index.ts'

/**
 * A point that was measured (or failed): one journal line, self-contained.
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
  /** Empty when ok; else the findings' messages in one line. */
  readonly reason: string
  readonly findings: readonly Finding[]
  /** Null when the generator could not run at all. */
  readonly measurement: Measurement | null
}

/** Why a search left a point out. */
export const leftOutReasons = {
  dominated: 'a measured point is at least as good on both axes',
  saturated: 'past the load at which its workers saturate',
  little: 'little left to gain between measured points',
  repeat: 'a repeat that decides no recommendation',
} as const

/** A load level of a deployment that a complete search left unmeasured, or some of its repeats. */
export interface LeftOut {
  readonly pointIds: readonly string[]
  readonly workload: Workload
  readonly load: Load
  readonly reason: keyof typeof leftOutReasons
  /** One sentence for a person, with figures. */
  readonly why: string
  /** What it was expected to show: output tokens/s per user and per GPU; null where only repeats were left out. */
  readonly expected: { readonly x: number; readonly y: number } | null
}

/** One line of journal.jsonl, without the sequence number, time and checksum that the journal adds. */
export type JournalEvent =
  | {
      readonly type: 'run-started'
      readonly fulcrumVersion: string
      readonly pid: number
      readonly attempt: number
      /** Ids of points that this attempt measures once more, whatever their results so far; absent for none. */
      readonly again?: readonly string[]
    }
  | {
      readonly type: 'deployment'
      readonly deploymentId: string
      readonly label: string
      /** `not-run`: what is left of the machines has no room for it; its points wait for another attempt. */
      readonly outcome: 'ready' | 'failed' | 'not-run'
      readonly workersStarted: number
      readonly workersStopped: number
      readonly elapsedS: number
      readonly reason: string
    }
  | {
      readonly type: 'point'
      readonly result: PointResult /** Wall seconds of the point, load and all. */
      readonly elapsedS: number
    }
  /** What a check of quality found after a point, at its load; null when it could not be made, with the reason. */
  | {
      readonly type: 'quality'
      readonly pointId: string
      readonly deploymentId: string
      readonly quality: Quality | null
      readonly reason: string
      readonly elapsedS: number
    }
  | { readonly type: 'note'; readonly message: string }
  /** Of one deployment, when a search has come to its end. */
  | { readonly type: 'left-out'; readonly deployment: Deployment; readonly points: readonly LeftOut[] }
  /** `budget`: what the sweep file allowed is spent, points are missing. `failed`: the environment gave out. */
  | {
      readonly type: 'run-ended'
      readonly outcome: 'complete' | 'interrupted' | 'budget' | 'failed'
      readonly reason: string
    }

/** A line as it stands in the file. */
export interface JournalLine {
  readonly seq: number
  /** ISO 8601. */
  readonly at: string
  readonly event: JournalEvent
}

/** What a complete search left unmeasured, by deployment; empty for a grid, and while a search runs. */
export function leftOutIn(
  lines: readonly JournalLine[],
): readonly { readonly deployment: Deployment; readonly points: readonly LeftOut[] }[] {
  return lines.flatMap(({ event }) => (event.type === 'left-out' ? [event] : []))
}
