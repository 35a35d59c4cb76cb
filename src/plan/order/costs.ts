import { roles } from '../../model/index.ts'
import { type Pools, reconcileCost } from './reconcile-cost.ts'

/** Worker starts of each step on a path through a group of deployments. Indices are positions in the group. */
export interface StepCosts {
  readonly size: number
  /** Workers started if `to` is the first deployment. */
  first(to: number): number
  /** Workers started between `from` and `to`. */
  step(from: number, to: number): number
  /**
   * Workers of a deployment. Those of the last one are not stopped, so among orders with equal starts, the one that
   * ends with the most workers has the fewest stops.
   */
  workers(at: number): number
}

/** Up to this many deployments, costs are kept in a table (16 MB). Above it, each step is computed when needed. */
const tableLimit = 2000

/** Costs of all steps between deployments with these pools. */
export function stepCosts(pools: readonly Pools[]): StepCosts {
  const size = pools.length
  const workers = pools.map(pool => reconcileCost(null, pool).workersStarted)
  const between = startsBetween(pools)
  const shared = { size, first: (to: number) => workers[to] ?? 0, workers: (at: number) => workers[at] ?? 0 }
  if (size > tableLimit) return { ...shared, step: between }
  const table = new Int32Array(size * size)
  for (let from = 0; from < size; from++) {
    for (let to = 0; to < size; to++) table[from * size + to] = between(from, to)
  }
  return { ...shared, step: (from, to) => table[from * size + to] as number }
}

/**
 * Adds frontend restarts as a second criterion. A frontend starts in seconds and a worker in minutes, so no number of
 * frontends outweighs a worker: each worker start counts as one more than the maximum number of frontend restarts in an
 * order.
 */
export function withFrontends(costs: StepCosts, pools: readonly Pools[]): StepCosts {
  if (new Set(pools.map(({ frontend }) => frontend)).size < 2) return costs
  const weight = pools.length + 1
  const { size, workers } = costs
  return {
    size,
    workers,
    first: to => weight * costs.first(to),
    step: (from, to) => weight * costs.step(from, to) + (pools[from]?.frontend === pools[to]?.frontend ? 0 : 1),
  }
}

/**
 * Worker starts as in {@link reconcileCost}, computed on numbers only because a large plan needs them a hundred million
 * times.
 */
function startsBetween(pools: readonly Pools[]): (from: number, to: number) => number {
  const numbers = new Map<string, number>()
  const kinds = new Int32Array(pools.length * roles.length)
  const workers = new Int32Array(pools.length * roles.length)
  const frontends = new Int32Array(pools.length)
  const heads = new Int32Array(pools.length).fill(-1)
  for (const [index, pool] of pools.entries()) {
    const frontend = `frontend ${pool.frontend ?? ''}`
    if (!numbers.has(frontend)) numbers.set(frontend, numbers.size)
    frontends[index] = numbers.get(frontend) as number
    if (pool.head !== undefined) heads[index] = roles.indexOf(pool.head)
    for (const [place, role] of roles.entries()) {
      const { kind, workers: count } = pool[role] ?? { kind: '', workers: 0 }
      if (!numbers.has(kind)) numbers.set(kind, numbers.size)
      kinds[index * roles.length + place] = numbers.get(kind) as number
      workers[index * roles.length + place] = count
    }
  }
  return (from, to) => {
    let sum = 0
    const replaced = frontends[from] === frontends[to] ? -1 : (heads[to] as number)
    for (let place = 0; place < roles.length; place++) {
      const a = from * roles.length + place
      const b = to * roles.length + place
      const wanted = workers[b] as number
      const same = kinds[a] === kinds[b] ? Math.min(wanted, workers[a] as number) : 0
      sum += wanted - (same > 0 && place === replaced ? same - 1 : same)
    }
    return sum
  }
}

/** Number of workers that an order starts. */
export function startsOf(costs: StepCosts, order: readonly number[]): number {
  let sum = 0
  let from = -1
  for (const to of order) {
    sum += from < 0 ? costs.first(to) : costs.step(from, to)
    from = to
  }
  return sum
}

/** Whether an order is better: fewer starts, or as many starts and fewer stops. */
export function isBetter(costs: StepCosts, order: readonly number[], than: readonly number[]): boolean {
  const difference = startsOf(costs, order) - startsOf(costs, than)
  return difference < 0 || (difference === 0 && costs.workers(order.at(-1) ?? -1) > costs.workers(than.at(-1) ?? -1))
}
