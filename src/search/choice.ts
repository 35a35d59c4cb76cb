import type { JournalLine } from '../journal/index.ts'
import { settledIn } from '../journal/index.ts'
import type { Point } from '../model/index.ts'
import type { Plan, PlannedDeployment } from '../spec/sweep.ts'
import type { Skipped } from './skipped.ts'

/** Decides what to measure next from the journal alone. */
export interface Choice {
  /** Whether a complete run may leave points of the plan unmeasured. */
  readonly isUpperBound: boolean
  /** The deployment to visit next; null when the run is complete. */
  deployment(lines: readonly JournalLine[]): PlannedDeployment | null
  /** The next point on the running deployment; undefined when it is time to leave it. */
  point(planned: PlannedDeployment, lines: readonly JournalLine[]): Point | undefined
  /** Unmeasured points of a complete run, with reasons; empty before the run is complete. */
  skipped(lines: readonly JournalLine[]): readonly Skipped[]
}

/** Measures every point in the plan's order. */
export function grid(plan: Plan): Choice {
  return {
    isUpperBound: false,
    deployment(lines) {
      const isSettled = settledIn(lines)
      return plan.deployments.find(({ points }) => !points.every(isSettled)) ?? null
    },
    point(planned, lines) {
      const isSettled = settledIn(lines)
      return planned.points.find(point => !isSettled(point))
    },
    skipped: () => [],
  }
}
