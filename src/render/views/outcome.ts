import type { PointCounts } from '../../journal/point-counts.ts'
import type { CouldOverturn } from './could-overturn.ts'
import type { FrontierRow } from './frontier-table.ts'
import type { ReportedLimit } from './limits.ts'

/** How a run ended, and what came of it. */
export interface OutcomeView {
  readonly outcome: 'complete' | 'interrupted' | 'budget' | 'failed'
  /** Why it isn't complete; empty when it is. */
  readonly reason: string
  readonly folder: string
  readonly elapsedS: number
  readonly points: PointCounts
  /** Points measured in this attempt. */
  readonly measured: number
  /** Null when nothing was measured that could be reported. */
  readonly report: {
    readonly index: string
    readonly frontier: readonly FrontierRow[]
    /** What to deploy for each workload, a sentence each. */
    readonly deploy: readonly string[]
    readonly couldOverturn: readonly CouldOverturn[]
  } | null
  readonly limits: readonly ReportedLimit[]
  /** What ended it, where that was an error. */
  readonly error?: { readonly where?: string | undefined; readonly remedy?: string | undefined }
}
