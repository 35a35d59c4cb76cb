import type { Deployment } from '../../model/index.ts'
import type { ReconcileCost } from '../../spec/sweep.ts'
import { lowerBound } from './bound.ts'
import { components } from './components.ts'
import { isBetter, startsOf, stepCosts } from './costs.ts'
import { exactLimit, exactOrder } from './exact.ts'
import { goodOrder } from './heuristic.ts'
import { orderCost, type Pools, poolsOf } from './reconcile-cost.ts'

/** Deployments in the order to visit them, and the quality of this order. */
export interface OrderedDeployments {
  readonly deployments: readonly Deployment[]
  readonly cost: ReconcileCost
  /** The cost of the original order. */
  readonly givenCost: ReconcileCost
  /** No order starts fewer workers than this. */
  readonly lowerBound: number
  /** Whether no order starts fewer workers. */
  readonly exact: boolean
}

interface Group {
  readonly order: readonly number[]
  readonly starts: number
  readonly bound: number
  readonly endWorkers: number
}

/**
 * Orders deployments so that reconciling from each to the next starts the fewest workers (a model load costs minutes),
 * then stops the fewest. Never worse than the original order; the same input gives the same order.
 */
export function orderDeployments(deployments: readonly Deployment[]): OrderedDeployments {
  const pools = deployments.map(poolsOf)
  const groups = components(pools).map(members => orderGroup(members, pools))
  // Only the workers at the end of the last group are not stopped, so the group with the largest end comes last.
  const last = groups.reduce(
    (best, group, index) => (group.endWorkers > (groups[best]?.endWorkers ?? 0) ? index : best),
    0,
  )
  const sequence = [...groups.filter((_, index) => index !== last), ...groups.slice(last, last + 1)].flatMap(
    group => group.order,
  )
  const given = deployments.map((_, index) => index)
  const better = cheaper(pools, sequence, given)
  const bound = groups.reduce((sum, group) => sum + group.bound, 0)
  const cost = costOf(pools, better)
  return {
    deployments: better.map(index => deployments[index] as Deployment),
    cost,
    givenCost: costOf(pools, given),
    lowerBound: bound,
    exact: cost.workersStarted === bound,
  }
}

function orderGroup(members: readonly number[], pools: readonly Pools[]): Group {
  const own = members.map(index => pools[index] as Pools)
  const costs = stepCosts(own)
  const isSmall = costs.size <= exactLimit
  const found = isSmall ? exactOrder(costs) : goodOrder(costs)
  const asGiven = members.map((_, index) => index)
  const order = isBetter(costs, found, asGiven) ? found : asGiven
  const starts = startsOf(costs, order)
  return {
    order: order.map(index => members[index] as number),
    starts,
    bound: isSmall ? starts : lowerBound(own, costs, starts),
    endWorkers: costs.workers(order.at(-1) ?? 0),
  }
}

const costOf = (pools: readonly Pools[], order: readonly number[]) =>
  orderCost(order.map(index => pools[index] as Pools))

function cheaper(pools: readonly Pools[], order: readonly number[], given: readonly number[]): readonly number[] {
  const [a, b] = [costOf(pools, order), costOf(pools, given)]
  const difference = a.workersStarted - b.workersStarted || a.workersStopped - b.workersStopped
  return difference < 0 ? order : given
}
