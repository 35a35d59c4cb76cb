import type { RunContext } from './context.ts'

/**
 * The reason why no further point may begin, or null. A budget applies to one attempt, so each resume gets it anew.
 * Points in progress are finished.
 */
export function budgetSpent(run: RunContext): string | null {
  const { hours, points } = run.plan.sweep.budget
  if (hours !== undefined && run.elapsedS() >= hours * 3600) return `the budget of ${hours} h is used up`
  if (points !== undefined && run.measured() >= points)
    return `the budget of ${points} ${points === 1 ? 'point' : 'points'} is used up`
  return null
}
