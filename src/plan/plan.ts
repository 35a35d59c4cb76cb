import type { Plan, Sweep } from '../spec/sweep.ts'
import { estimate } from './estimate.ts'
import { orderDeployments } from './order/index.ts'
import { poolsOfSweep } from './order/pools-of-sweep.ts'
import { pointsOf } from './points.ts'

/**
 * Plans a sweep: groups its points by deployment, and orders deployments by {@link orderDeployments}. Pure: the same
 * sweep gives the same plan.
 * @param pastSecondsPerPoint time of a point in past runs of this sweep, without redeployments; undefined without a
 *   past run
 */
export function planSweep(sweep: Sweep, pastSecondsPerPoint?: number): Plan {
  const ordered = orderDeployments(sweep.deployments, poolsOfSweep(sweep))
  const deployments = ordered.deployments.map(deployment => ({ deployment, points: pointsOf(sweep, deployment) }))
  return {
    sweep,
    deployments,
    cost: ordered.cost,
    nestedLoopCost: ordered.givenCost,
    lowerBound: ordered.lowerBound,
    exact: ordered.exact,
    pointCount: deployments.reduce((sum, planned) => sum + planned.points.length, 0),
    estimate: estimate(sweep, deployments, ordered.cost, pastSecondsPerPoint),
  }
}
