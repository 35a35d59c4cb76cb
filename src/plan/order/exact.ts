import type { StepCosts } from './costs.ts'

/** Maximum number of deployments for an exact order, which takes 2^n × n² steps. */
export const exactLimit = 16

/**
 * Finds the order with the fewest starts and, among those, the fewest stops (Held and Karp 1962, A Dynamic Programming
 * Approach to Sequencing Problems). Memory: 5 × n × 2^n bytes.
 */
export function exactOrder(costs: StepCosts): readonly number[] {
  const n = costs.size
  if (n === 0) return []
  const sets = 1 << n
  const best = new Int32Array(sets * n).fill(2 ** 31 - 1)
  const previous = new Int8Array(sets * n).fill(-1)
  for (let at = 0; at < n; at++) best[(1 << at) * n + at] = costs.first(at)
  for (let set = 1; set < sets; set++) {
    for (let at = 0; at < n; at++) {
      if ((set & (1 << at)) === 0) continue
      const cost = best[set * n + at] as number
      for (let to = 0; to < n; to++) {
        if ((set & (1 << to)) !== 0) continue
        const next = (set | (1 << to)) * n + to
        const total = cost + costs.step(at, to)
        if (total < (best[next] as number)) {
          best[next] = total
          previous[next] = at
        }
      }
    }
  }
  return trace(best, previous, costs)
}

function trace(best: Int32Array, previous: Int8Array, costs: StepCosts): readonly number[] {
  const n = costs.size
  const all = (1 << n) - 1
  let at = 0
  for (let end = 1; end < n; end++) {
    const difference = (best[all * n + end] as number) - (best[all * n + at] as number)
    if (difference < 0 || (difference === 0 && costs.workers(end) > costs.workers(at))) at = end
  }
  const order: number[] = []
  for (let set = all; set !== 0; ) {
    order.push(at)
    const from = previous[set * n + at] as number
    set &= ~(1 << at)
    at = from
  }
  return order.reverse()
}
