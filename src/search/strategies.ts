import type { Plan } from '../spec/sweep.ts'
import { adaptive } from './adaptive.ts'
import { type Choice, grid } from './choice.ts'

/** The search strategy of the sweep file. */
export function choiceOf(plan: Plan): Choice {
  return plan.sweep.search === 'adaptive' ? adaptive(plan) : grid(plan)
}
