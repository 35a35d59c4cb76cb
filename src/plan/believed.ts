import type { Prior } from '../analysis/priors/prior.ts'
import { type PriorRank, priorOrder } from '../analysis/priors/prior-order.ts'
import type { Plan } from '../spec/sweep.ts'

/**
 * Gives an adaptive search the promise of each deployment according to the priors, so that it starts with the highest.
 * A grid keeps the order with the fewest worker starts.
 */
export function withBeliefs(plan: Plan, priors: readonly Prior[]): Plan {
  const promise: { [deploymentId: string]: number } = {}
  for (const { point, promise: of } of believedOrder(plan, priors))
    promise[point.deployment.id] = Math.max(promise[point.deployment.id] ?? 0, of)
  return { ...plan, promise }
}

/** Points of a plan by descending promise according to the priors. */
export function believedOrder(plan: Plan, priors: readonly Prior[]): readonly PriorRank[] {
  return priorOrder(
    plan.deployments.flatMap(({ points }) => points),
    priors,
  )
}
