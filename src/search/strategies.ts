import type { Plan } from '../spec/sweep.ts'
import { adaptive } from './adaptive.ts'
import { type Choice, grid } from './choice.ts'

/** The choice that the sweep file asks for. */
export function choiceOf(plan: Plan): Choice {
  return plan.sweep.search === 'adaptive' ? adaptive(plan) : grid(plan)
}
