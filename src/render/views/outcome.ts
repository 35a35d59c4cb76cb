import type { PointCounts } from '../../journal/point-counts.ts'
import type { CouldOverturn } from './could-overturn.ts'
import type { FrontierRow } from './frontier-table.ts'
import type { ReportedLimit } from './limits.ts'

/** How a run ended, and its results. */
export interface OutcomeView {
  readonly outcome: 'complete' | 'interrupted' | 'budget' | 'failed'
  /** Why the run is incomplete; empty if it is complete. */
  readonly reason: string
  readonly folder: string
  readonly elapsedS: number
  readonly points: PointCounts
  /** The run was complete before, so this attempt measured nothing. */
  readonly wasComplete?: true
  /** Null if the run has no measurements to report. */
  readonly report: {
    readonly index: string
    readonly frontier: readonly FrontierRow[]
    /** Recommended deployment for each workload, a sentence each. */
    readonly deploy: readonly string[]
    readonly couldOverturn: readonly CouldOverturn[]
  } | null
  readonly limits: readonly ReportedLimit[]
  /** The error that ended the run, if any. */
  readonly error?: { readonly where?: string | undefined; readonly remedy?: string | undefined }
}
