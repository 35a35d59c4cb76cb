import { isBetter, type StepCosts, startsOf } from './costs.ts'

/** Segments longer than this are rarely worth moving. */
const longestSegment = 3
/**
 * Limit of moves to try, so that a large plan takes seconds; a count instead of a time, so that the result is always
 * the same.
 */
const moveBudget = 40_000_000

/**
 * A good order for more deployments than can be ordered exactly: nearest neighbor from several starts, and the order of
 * the file, each improved by moving and reversing segments (Or-opt and 2-opt on asymmetric costs) until no move
 * improves it. Deterministic.
 */
export function goodOrder(costs: StepCosts): readonly number[] {
  const n = costs.size
  const asWritten = Array.from({ length: n }, (_, index) => index)
  const starts = n <= 60 ? asWritten : spread(n, n <= 400 ? 12 : n <= 2000 ? 2 : 1)
  const budget = { moves: moveBudget }
  let best = improved(costs, asWritten, budget)
  for (const start of starts) {
    const order = improved(costs, nearestNeighbour(costs, start), budget)
    if (isBetter(costs, order, best)) best = order
  }
  return best
}

function spread(n: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.floor((index * n) / count))
}

function nearestNeighbour(costs: StepCosts, start: number): number[] {
  const left = new Set(Array.from({ length: costs.size }, (_, index) => index))
  const order = [start]
  left.delete(start)
  for (let at = start; left.size > 0; ) {
    let nearest = -1
    let least = Number.POSITIVE_INFINITY
    for (const to of left) {
      // Of equally near deployments the larger one: stopping workers later is free, starting them again is not.
      const cost = costs.step(at, to) - costs.workers(to) / 1e6
      if (cost < least) {
        nearest = to
        least = cost
      }
    }
    order.push(nearest)
    left.delete(nearest)
    at = nearest
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

/** The best improvement by moving a segment of up to three deployments, unchanged or reversed; null without one. */
function moveSegment(costs: StepCosts, order: readonly number[], budget: { moves: number }): number[] | null {
  const n = order.length
  for (let length = 1; length <= Math.min(longestSegment, n - 1); length++) {
    for (let from = 0; from + length <= n; from++) {
      const segment = order.slice(from, from + length)
      const rest = [...order.slice(0, from), ...order.slice(from + length)]
      const before = order[from - 1]
      const after = order[from + length]
      const gain = edge(costs, before, segment[0]) + edge(costs, segment.at(-1), after) - edge(costs, before, after)
      for (const piece of length === 1 ? [segment] : [segment, segment.toReversed()]) {
        const inside =
          startsOf(costs, piece) - startsOf(costs, segment) - costs.first(piece[0] ?? 0) + costs.first(segment[0] ?? 0)
        for (let to = 0; to <= rest.length; to++) {
          if (--budget.moves <= 0) return null
          const [left, right] = [rest[to - 1], rest[to]]
          const added =
            edge(costs, left, piece[0]) + edge(costs, piece.at(-1), right) - edge(costs, left, right) + inside
          if (added < gain) return [...rest.slice(0, to), ...piece, ...rest.slice(to)]
        }
      }
    }
  }
  return null
}

/** An improvement by reversing a segment; the steps inside it are asymmetric and counted again. */
function turnSegment(costs: StepCosts, order: readonly number[], budget: { moves: number }): number[] | null {
  const n = order.length
  for (let from = 0; from < n - 1; from++) {
    let forwards = 0
    let backwards = 0
    for (let to = from + 1; to < n; to++) {
      if (--budget.moves <= 0) return null
      forwards += edge(costs, order[to - 1], order[to])
      backwards += edge(costs, order[to], order[to - 1])
      const [before, first, last, after] = [order[from - 1], order[from], order[to], order[to + 1]]
      const now = edge(costs, before, first) + forwards + edge(costs, last, after)
      const turned = edge(costs, before, last) + backwards + edge(costs, first, after)
      if (turned < now) {
        return [...order.slice(0, from), ...order.slice(from, to + 1).reverse(), ...order.slice(to + 1)]
      }
    }
  }
  return null
}
