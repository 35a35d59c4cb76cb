import { isBetter, type StepCosts, startsOf } from './costs.ts'

/** Maximum length of segments to move. Longer ones rarely help. */
const longestSegment = 3
/**
 * Up to this many deployments, each improvement starts again with the first and shortest segments, which ends one worker
 * lower in some plans. With more, the search continues where it is: beginning again takes most of the time and gains
 * nothing.
 */
const restartLimit = 200
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
  const starts = n <= 60 ? asWritten : spread(n, n <= 400 ? 24 : n <= 800 ? 4 : n <= 2000 ? 2 : 1)
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
  let current = order
  for (let before: readonly number[] = []; current !== before && budget.moves > 0; ) {
    before = current
    current = turnSegments(costs, moveSegments(costs, current, budget), budget)
  }
  return current
}

const edge = (costs: StepCosts, from: number | undefined, to: number | undefined) =>
  to === undefined ? 0 : from === undefined ? costs.first(to) : costs.step(from, to)

/** Cost of the step to each position of an order from the one before it; 0 after the last. */
function entryCosts(costs: StepCosts, order: readonly number[]): Float64Array {
  const entry = new Float64Array(order.length + 1)
  for (let at = 0; at < order.length; at++) entry[at] = edge(costs, order[at - 1], order[at])
  return entry
}

/**
 * Moves segments of up to three deployments, unchanged or reversed, to the places where they improve the order most.
 * Returns the same order if no move helps.
 */
function moveSegments(costs: StepCosts, given: readonly number[], budget: { moves: number }): readonly number[] {
  const n = given.length
  let order = given
  let entry = entryCosts(costs, order)
  for (let length = 1; length <= Math.min(longestSegment, n - 1); length++) {
    for (let from = 0; from + length <= n; from++) {
      const segment = order.slice(from, from + length)
      for (const piece of length === 1 ? [segment] : [segment, segment.toReversed()]) {
        if (budget.moves <= 0) return order
        const to = betterPlace(costs, { order, entry, from, segment, piece }, budget)
        if (to === null) continue
        const rest = [...order.slice(0, from), ...order.slice(from + length)]
        order = [...rest.slice(0, to), ...piece, ...rest.slice(to)]
        if (n <= restartLimit) return order
        entry = entryCosts(costs, order)
        break
      }
    }
  }
  return order
}

interface Move {
  readonly order: readonly number[]
  readonly entry: Float64Array
  readonly from: number
  /** The deployments at `from`. */
  readonly segment: readonly number[]
  /** The same, perhaps reversed. */
  readonly piece: readonly number[]
}

/** The place among the other deployments where a piece costs the least; null if it costs no less in any other. */
function betterPlace(costs: StepCosts, move: Move, budget: { moves: number }): number | null {
  const { order, entry, from, segment, piece } = move
  const { length } = piece
  const joined = edge(costs, order[from - 1], order[from + length])
  const gain = (entry[from] as number) + (entry[from + length] as number) - joined
  // A detour is never cheaper, so a deployment that costs nothing in its place cannot be improved by moving it.
  if (length === 1 && gain <= 0) return null
  const [first, last] = [piece[0], piece[length - 1]]
  const inside =
    startsOf(costs, piece) - startsOf(costs, segment) - costs.first(piece[0] ?? 0) + costs.first(segment[0] ?? 0)
  let best: number | null = null
  let least = gain - inside
  // Does not build the order without the segment, which a large plan would copy a hundred thousand times.
  for (let to = 0; to <= order.length - length; to++) {
    if (--budget.moves <= 0) return null
    // Steps never have a negative cost, which rules out most places early.
    const parted = to === from ? joined : (entry[to < from ? to : to + length] as number)
    const most = least + parted
    if (most <= 0) continue
    const left = order[to <= from ? to - 1 : to - 1 + length]
    const right = order[to < from ? to : to + length]
    const entering = edge(costs, left, first)
    if (entering >= most) continue
    const detour = entering + edge(costs, last, right) - parted
    if (detour >= least) continue
    best = to
    least = detour
  }
  return best
}

/**
 * Reverses segments where that improves the order. Costs are asymmetric, so their inner steps count again. Returns the
 * same order if no segment helps.
 */
function turnSegments(costs: StepCosts, given: readonly number[], budget: { moves: number }): readonly number[] {
  const n = given.length
  let order = given
  let turning = turningCosts(costs, order)
  for (let from = 0; from < n - 1; from++) {
    const spent = turning.before[from] as number
    for (let to = from + 1; to < n; to++) {
      if (--budget.moves <= 0) return order
      const most = (turning.upTo[to] as number) - spent
      if (most <= 0) continue
      const [left, first, last, right] = [order[from - 1], order[from], order[to], order[to + 1]]
      if (edge(costs, left, last) + edge(costs, first, right) >= most) continue
      order = [...order.slice(0, from), ...order.slice(from, to + 1).reverse(), ...order.slice(to + 1)]
      if (n <= restartLimit) return order
      turning = turningCosts(costs, order)
      break
    }
  }
  return order
}

/**
 * Turning the segment `from` to `to` saves at most `upTo[to] - before[from]`: its steps and the one after it, less the
 * same steps walked backwards. Both are sums from the start of the order, so a segment of any length takes one
 * subtraction.
 */
function turningCosts(costs: StepCosts, order: readonly number[]) {
  const entry = entryCosts(costs, order)
  const upTo = new Float64Array(order.length)
  const before = new Float64Array(order.length)
  let forwards = 0
  let backwards = 0
  for (let at = 0; at < order.length; at++) {
    if (at > 0) backwards += edge(costs, order[at], order[at - 1])
    before[at] = forwards - backwards
    forwards += entry[at] as number
    upTo[at] = forwards + (entry[at + 1] as number) - backwards
  }
  return { upTo, before }
}
