import type { JournalLine } from '../journal/index.ts'
import { settledIn } from '../journal/index.ts'
import type { Point } from '../model/index.ts'
import type { Plan, PlannedDeployment } from '../spec/sweep.ts'
import type { Skipped } from './skipped.ts'

/** Decides what is measured next, from the journal alone. */
export interface Choice {
  /** Whether points of the plan may stay unmeasured in a complete run. */
  readonly isUpperBound: boolean
  /** The deployment to visit next; null when the run is complete. */
  deployment(lines: readonly JournalLine[]): PlannedDeployment | null
  /** The next point while a deployment runs; undefined when it is time to leave it. */
  point(planned: PlannedDeployment, lines: readonly JournalLine[]): Point | undefined
  /** What a complete run left unmeasured and why; empty before it is complete. */
  skipped(lines: readonly JournalLine[]): readonly Skipped[]
}

/** Every point is wanted, in the plan's order. */
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
