import type { Candidate } from '../../analysis/capacity/candidate.ts'
import { type CapacityPlan, planCapacity } from '../../analysis/capacity/plan.ts'
import type { CapacityPoint } from '../../analysis/capacity/point.ts'
import type { PredictCurve } from '../../analysis/capacity/predicted-curve.ts'
import type { CapacityQuestion } from '../../analysis/capacity/question.ts'
import type { Replay } from '../../analysis/capacity/replay.ts'
import { type CapacityView, capacityView } from './capacity.ts'

/** Results that a twin adds to a plan; see `planningTwin`. */
export interface PlanningTwin {
  readonly predict: PredictCurve
  /** Replays the answer in virtual time. */
  replays(best: Candidate, question: CapacityQuestion): readonly Replay[]
}

/** Inputs of a plan. */
export interface CapacityGround {
  readonly points: readonly CapacityPoint[]
  readonly run: CapacityView['run']
  readonly twin: PlanningTwin | null
}

/** Plans the answer to a question and builds its view. `fulcrum capacity` prints it, and its page computes it again. */
export function planned(
  { points, run, twin }: CapacityGround,
  question: CapacityQuestion,
): { readonly plan: CapacityPlan; readonly view: CapacityView } {
  const plan = planCapacity(points, question, twin?.predict ?? null)
  const replays = twin === null || plan.best === null ? [] : twin.replays(plan.best, question)
  return { plan, view: capacityView(plan, run, replays) }
}
