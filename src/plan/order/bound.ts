import { roles } from '../../model/index.ts'
import { cheapestArborescence } from './arborescence.ts'
import { cheapestAssignment } from './assignment.ts'
import { type StepCosts, stepCosts } from './costs.ts'
import type { Pools } from './reconcile-cost.ts'

const assignmentLimit = 500
const arborescenceLimit = 200
const ascentSteps = 150

/**
 * Lower bound of the number of workers that any order of a group starts: the best of three bounds.
 * - each kind of pool must reach its largest size once;
 * - each deployment is entered once and left once (cheapest assignment);
 * - an order is a tree with the empty system as its root (cheapest arborescence), made path-like by a penalty for
 *   leaving a deployment twice (Held and Karp 1970, The Traveling-Salesman Problem and Minimum Spanning Trees, on
 *   directed graphs).
 */
export function lowerBound(pools: readonly Pools[], costs: StepCosts, knownCost: number): number {
  let bound = kindBound(pools)
  if (bound >= knownCost || costs.size < 2) return bound
  if (costs.size > assignmentLimit) {
    // Omitting deployments never makes an order more expensive, because a detour is never cheaper. So a bound for some
    // deployments is a bound for all.
    const some = sample(pools, assignmentLimit)
    return Math.max(bound, assignmentBound(stepCosts(some)))
  }
  bound = Math.max(bound, assignmentBound(costs))
  if (bound < knownCost && costs.size <= arborescenceLimit) bound = Math.max(bound, ascentBound(costs, knownCost))
  return bound
}

function sample<T>(items: readonly T[], count: number): readonly T[] {
  return Array.from({ length: count }, (_, index) => items[Math.floor((index * items.length) / count)] as T)
}

function kindBound(pools: readonly Pools[]): number {
  const most = new Map<string, number>()
  for (const pool of pools) {
    for (const role of roles) {
      const { kind, workers } = pool[role] ?? { kind: '', workers: 0 }
      most.set(kind, Math.max(most.get(kind) ?? 0, workers))
    }
  }
  return [...most.values()].reduce((sum, workers) => sum + workers, 0)
}

/** Rows: the empty system, then each deployment as predecessor. Columns: the end, then each deployment as successor. */
function assignmentBound(costs: StepCosts): number {
  const forbidden = 1e9
  return cheapestAssignment(costs.size + 1, (row, column) => {
    if (row === 0) return column === 0 ? forbidden : costs.first(column - 1)
    if (column === 0) return 0
    return row === column ? forbidden : costs.step(row - 1, column - 1)
  })
}

function ascentBound(costs: StepCosts, knownCost: number): number {
  const size = costs.size + 1
  const plain = new Float64Array(size * size)
  for (let from = 0; from < size; from++) {
    for (let to = 1; to < size; to++) {
      plain[from * size + to] = from === 0 ? costs.first(to - 1) : from === to ? 0 : costs.step(from - 1, to - 1)
    }
  }
  const price = new Float64Array(size)
  const priced = new Float64Array(size * size)
  let best = 0
  let stride = 2
  let sinceBetter = 0
  for (let step = 0; step < ascentSteps; step++) {
    for (let from = 0; from < size; from++) {
      for (let to = 0; to < size; to++) {
        priced[from * size + to] = (plain[from * size + to] as number) + (price[from] as number)
      }
    }
    const tree = cheapestArborescence(size, priced)
    const value = tree.cost - price.reduce((sum, one) => sum + one, 0)
    if (value > best + 1e-9) {
      best = value
      sinceBetter = 0
    } else if (++sinceBetter % 10 === 0) stride /= 2
    // Costs are whole numbers, so a bound above k - 1 is a bound of k.
    if (Math.ceil(best - 1e-6) >= knownCost) break
    const children = new Int32Array(size)
    for (let to = 1; to < size; to++) {
      const parent = tree.parent[to] as number
      children[parent] = (children[parent] as number) + 1
    }
    let norm = 0
    for (let at = 0; at < size; at++) norm += ((children[at] as number) - 1) ** 2
    if (norm === 0) break
    const length = (stride * Math.max(knownCost - value, 0.1)) / norm
    for (let at = 0; at < size; at++) {
      price[at] = Math.max(0, (price[at] as number) + length * ((children[at] as number) - 1))
    }
  }
  return Math.ceil(best - 1e-6)
}
