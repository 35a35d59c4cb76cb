import type { Deployment } from '../../model/index.ts'
import type { ReconcileCost } from '../../spec/sweep.ts'
import { lowerBound } from './bound.ts'
import { components } from './components.ts'
import { isBetter, startsOf, stepCosts, withFrontends } from './costs.ts'
import { exactLimit, exactOrder } from './exact.ts'
import { goodOrder } from './heuristic.ts'
import { orderCost, type Pools, poolsOf } from './reconcile-cost.ts'

/** Deployments in the order of their visits, and the quality of that order. */
export interface OrderedDeployments {
  readonly deployments: readonly Deployment[]
  readonly cost: ReconcileCost
  /** The cost of the original order. */
  readonly givenCost: ReconcileCost
  /** No order can start fewer workers than this. */
  readonly lowerBound: number
  /** Whether the order is proven to start the fewest workers. */
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
 * then restarts the fewest frontends, then stops the fewest workers. Never worse than the original order; the same
 * input gives the same order.
 * @param poolsOfEach pools of a deployment; default: by topology, engine settings and model
 */
export function orderDeployments(
  deployments: readonly Deployment[],
  poolsOfEach: (deployment: Deployment) => Pools = poolsOf,
): OrderedDeployments {
  const pools = deployments.map(deployment => poolsOfEach(deployment))
  // Groups share no workers but may share frontends, so a small plan is ordered as one group.
  const asOne = new Set(pools.map(({ frontend }) => frontend)).size > 1 && pools.length <= exactLimit
  const members = asOne ? [[...pools.keys()]] : components(pools)
  const groups = members.map(group => orderGroup(group, pools))
  // Only the workers running at the end are not stopped, so the group that ends with the most workers comes last.
  const last = groups.reduce(
    (best, group, index) => (group.endWorkers > (groups[best]?.endWorkers ?? 0) ? index : best),
    0,
  )
  const sequence = [
    ...sharingFrontends(
      groups.filter((_, index) => index !== last),
      pools,
    ),
    ...groups.slice(last, last + 1),
  ].flatMap(group => group.order)
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

/** Sequence of groups in which, where possible, each begins with the frontend with which the previous one ends. */
function sharingFrontends(groups: readonly Group[], pools: readonly Pools[]): readonly Group[] {
  const left = [...groups]
  const sequence: Group[] = []
  while (left.length > 0) {
    const frontend = pools[sequence.at(-1)?.order.at(-1) ?? -1]?.frontend
    const next = left.findIndex(({ order }) => pools[order[0] ?? -1]?.frontend === frontend)
    sequence.push(...left.splice(Math.max(next, 0), 1))
  }
  return sequence
}

function orderGroup(members: readonly number[], pools: readonly Pools[]): Group {
  const own = members.map(index => pools[index] as Pools)
  const costs = stepCosts(own)
  const weighted = withFrontends(costs, own)
  const isSmall = costs.size <= exactLimit
  const found = isSmall ? exactOrder(weighted) : goodOrder(weighted)
  const asGiven = members.map((_, index) => index)
  const order = isBetter(weighted, found, asGiven) ? found : asGiven
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
  const frontends = (a.frontendsRestarted ?? 0) - (b.frontendsRestarted ?? 0)
  const difference = a.workersStarted - b.workersStarted || frontends || a.workersStopped - b.workersStopped
  return difference < 0 ? order : given
}
