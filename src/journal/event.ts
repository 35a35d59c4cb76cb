import type { Finding, Measurement, Status } from '../metrics/measurement.ts'
import type { Deployment, Point } from '../model/index.ts'
import type { LeftOut } from './left-out.ts'

/** A point that was measured (or failed): one journal line, self-contained. */
export interface PointResult {
  readonly point: Point
  readonly status: Status
  /** Empty when ok; else the findings' messages in one line. */
  readonly reason: string
  readonly findings: readonly Finding[]
  /** Null when the generator could not run at all. */
  readonly measurement: Measurement | null
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
