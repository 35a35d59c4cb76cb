import type { RunContext } from './context.ts'

/**
 * Why no further point may begin, or null. A budget counts for one attempt: whoever resumes a run grants it anew.
 * A point that has begun is finished.
 */
export function budgetSpent(run: RunContext): string | null {
  const { hours, points } = run.plan.sweep.budget
  if (hours !== undefined && run.elapsedS() >= hours * 3600) return `the budget of ${hours} h is used up`
  if (points !== undefined && run.measured() >= points)
    return `the budget of ${points} ${points === 1 ? 'point' : 'points'} is used up`
  return null
}
