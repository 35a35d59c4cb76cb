import type { Point } from '../model/index.ts'
import type { JournalEvent, JournalLine, PointResult } from './event.ts'
import type { Manifest } from './manifest.ts'

/**
 * A run read back from disk. Everything after the journal works from this.
 *
 * @example
 * ```ts
 * import { type Run, readRun } from 'fulcrum'
 *
 * const run: Run = await readRun('results/quick/20261124T230000Z-1a2b3c')
 * console.log(run.manifest.sweep, run.ended?.outcome ?? 'not ended')
 * ```
 */
export interface Run {
  readonly folder: string
  readonly manifest: Manifest
  readonly lines: readonly JournalLine[]
  /** Latest result of each point id, in journal order. */
  readonly results: readonly PointResult[]
  readonly deployments: readonly Extract<JournalEvent, { type: 'deployment' }>[]
  /** Planned points without a result, except those that a search skipped; absent if the plan is unknown. */
  readonly unmeasured?: readonly Point[]
  readonly ended: Extract<JournalEvent, { type: 'run-ended' }> | null
  /** True if a torn last line was left out: the point in flight when the run was killed. */
  readonly torn: boolean
}
