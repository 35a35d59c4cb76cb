import { isBetter, type StepCosts, startsOf } from './costs.ts'

/** Segments longer than this are rarely worth moving. */
const longestSegment = 3
/**
 * Limit of moves to try, so that a large plan takes seconds; a count instead of a time, so that the result is always
 * the same. For thousands of deployments a move is dearer, and hardly any improves on nearest neighbors.
 */
const moveBudget = (n: number) => (n <= 2000 ? 40_000_000 : 10_000_000)

/**
 * A good order for more deployments than can be ordered exactly: nearest neighbor from several starts, and the order of
 * the file, each improved by moving and reversing segments (Or-opt and 2-opt on asymmetric costs) until no move
 * improves it. Deterministic.
 */
export function goodOrder(costs: StepCosts): readonly number[] {
  const n = costs.size
  const asWritten = Array.from({ length: n }, (_, index) => index)
  const starts = n <= 60 ? asWritten : spread(n, n <= 400 ? 12 : n <= 2000 ? 2 : 1)
  const budget = { moves: moveBudget(n) }
  // The order of the file comes last: for a large plan it is by far the worst one, and would use up the moves.
  const from = [...starts.map(start => () => nearestNeighbour(costs, start)), () => asWritten]
  let best: readonly number[] | null = null
  for (const begin of from) {
    const order = improved(costs, begin(), budget)
    if (best === null || isBetter(costs, order, best)) best = order
  }
  return best ?? asWritten
}

function spread(n: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.floor((index * n) / count))
}

function nearestNeighbour(costs: StepCosts, start: number): number[] {
  // Those that are left, as a list by rising index: `after[i]` comes after i, and n is its head and its end.
  const n = costs.size
  const after = Int32Array.from({ length: n + 1 }, (_, index) => (index === n ? 0 : index + 1))
  const take = (before: number) => {
    const taken = after[before] as number
    after[before] = after[taken] as number
    return taken
  }
  const order = [take(start === 0 ? n : start - 1)]
  while (after[n] !== n) {
    const at = order.at(-1) as number
    let beforeNearest = n
    let least = Number.POSITIVE_INFINITY
    for (let before = n, to = after[n] as number; to !== n; before = to, to = after[to] as number) {
      // Of equally near deployments the larger one: stopping workers later is free, starting them again is not.
      const cost = costs.step(at, to) - costs.workers(to) / 1e6
      if (cost < least) {
        beforeNearest = before
        least = cost
      }
    }
    order.push(take(beforeNearest))
  }
  return order
}

function improved(costs: StepCosts, order: readonly number[], budget: { moves: number }): readonly number[] {
  let current = [...order]
  for (let better = true; better && budget.moves > 0; ) {
    better = false
    for (const move of [moveSegment, turnSegment]) {
      const next = move(costs, current, budget)
      if (next !== null) {
        current = next
        better = true
      }
    }
  }
  return current
}

const edge = (costs: StepCosts, from: number | undefined, to: number | undefined) =>
  to === undefined ? 0 : from === undefined ? costs.first(to) : costs.step(from, to)

/**
 * What it costs to enter the deployment at a place of an order from the one before it, worked out when first asked for:
 * most improvements are found soon. Nothing comes after the last.
 */
function entryCosts(costs: StepCosts, order: readonly number[]): (at: number) => number {
  const known = new Float64Array(order.length + 1).fill(Number.NaN)
  return at => {
    const before = known[at] as number
    if (!Number.isNaN(before)) return before
    const cost = edge(costs, order[at - 1], order[at])
    known[at] = cost
    return cost
  }
}

/** An improvement by moving a segment of up to three deployments, unchanged or reversed; null without one. */
function moveSegment(costs: StepCosts, order: readonly number[], budget: { moves: number }): number[] | null {
  const n = order.length
  const entry = entryCosts(costs, order)
  for (let length = 1; length <= Math.min(longestSegment, n - 1); length++) {
    const places = n - length
    for (let from = 0; from + length <= n; from++) {
      const segment = order.slice(from, from + length)
      const joined = edge(costs, order[from - 1], order[from + length])
      const gain = entry(from) + entry(from + length) - joined
      for (const piece of length === 1 ? [segment] : [segment, segment.toReversed()]) {
        const [first, last] = [piece[0], piece[length - 1]]
        const inside =
          startsOf(costs, piece) - startsOf(costs, segment) - costs.first(piece[0] ?? 0) + costs.first(segment[0] ?? 0)
        // A detour is never cheaper, so there is no better place for one that costs nothing where it is.
        if (length === 1 && gain <= 0) continue
        // The order without the segment is not built: a large plan would copy it a hundred thousand times.
        for (let to = 0; to <= places; to++) {
          if (--budget.moves <= 0) return null
          const left = order[to <= from ? to - 1 : to - 1 + length]
          const right = order[to < from ? to : to + length]
          const parted = to === from ? joined : entry(to < from ? to : to + length)
          // Most places are ruled out by what they may cost at most: no step has less than no cost.
          const most = gain + parted - inside
          if (most <= 0) continue
          const entering = edge(costs, left, first)
          if (entering < most && entering + edge(costs, last, right) < most) {
            const rest = [...order.slice(0, from), ...order.slice(from + length)]
            return [...rest.slice(0, to), ...piece, ...rest.slice(to)]
          }
        }
      }
    }
  }
  return null
}

/** An improvement by reversing a segment; the steps inside it are asymmetric and counted again. */
function turnSegment(costs: StepCosts, order: readonly number[], budget: { moves: number }): number[] | null {
  const n = order.length
  const entry = entryCosts(costs, order)
  for (let from = 0; from < n - 1; from++) {
    let forwards = entry(from)
    let backwards = 0
    for (let to = from + 1; to < n; to++) {
      if (--budget.moves <= 0) return null
      forwards += entry(to)
      backwards += edge(costs, order[to], order[to - 1])
      const most = forwards + entry(to + 1) - backwards
      if (most <= 0) continue
      const [before, first, last, after] = [order[from - 1], order[from], order[to], order[to + 1]]
      if (edge(costs, before, last) + edge(costs, first, after) < most) {
        return [...order.slice(0, from), ...order.slice(from, to + 1).reverse(), ...order.slice(to + 1)]
      }
    }
  }
  return null
}
