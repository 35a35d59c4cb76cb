import { isBetter, type StepCosts, startsOf } from './costs.ts'

/** Maximum length of segments to move. Longer ones rarely help. */
const longestSegment = 3
/**
 * Maximum number of moves to try, which keeps large plans within seconds. It is a count instead of a time to make
 * results reproducible. With thousands of deployments, moves take longer and rarely improve on nearest neighbors.
 */
const moveBudget = (n: number) => (n <= 2000 ? 40_000_000 : 10_000_000)

/**
 * Finds a good order for more deployments than {@link exactOrder} can handle. Starts from nearest-neighbor orders and
 * from the order of the file, and improves each by moving and reversing segments (Or-opt and 2-opt with asymmetric
 * costs) until no move helps or the budget is spent. Deterministic.
 */
export function goodOrder(costs: StepCosts): readonly number[] {
  const n = costs.size
  const asWritten = Array.from({ length: n }, (_, index) => index)
  const starts = n <= 60 ? asWritten : spread(n, n <= 400 ? 12 : n <= 2000 ? 2 : 1)
  const budget = { moves: moveBudget(n) }
  // The order of the file comes last. For a large plan it is by far the worst start and would use up the budget.
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
  // Linked list of the remaining deployments by ascending index: `after[i]` follows i, and n is both head and end.
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
      // Of equally near deployments, prefers the larger one: stopping workers later is free, but starting them is not.
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
 * Cost of the step to each position of an order from the one before it; 0 after the last. Computed when first needed,
 * because most improvements are found early.
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

/**
 * Returns an order improved by moving a segment of up to three deployments, unchanged or reversed; null if none is
 * found.
 */
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
        // A detour is never cheaper, so a deployment that costs nothing in its place cannot be improved by moving it.
        if (length === 1 && gain <= 0) continue
        // Does not build the order without the segment, which a large plan would copy a hundred thousand times.
        for (let to = 0; to <= places; to++) {
          if (--budget.moves <= 0) return null
          const left = order[to <= from ? to - 1 : to - 1 + length]
          const right = order[to < from ? to : to + length]
          const parted = to === from ? joined : entry(to < from ? to : to + length)
          // Steps never have a negative cost, which rules out most places early.
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

/**
 * Returns an order improved by reversing a segment, whose inner steps are counted again because costs are asymmetric;
 * null if none is found.
 */
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
