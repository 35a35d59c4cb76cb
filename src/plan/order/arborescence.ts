/** A tree of minimum cost from node 0 to all other nodes. */
export interface Arborescence {
  readonly cost: number
  /** Parent of each node; -1 for node 0. */
  readonly parent: Int32Array
}

/**
 * Finds the cheapest spanning arborescence of a complete directed graph, rooted at node 0, by contracting cycles of
 * cheapest entering edges (Chu and Liu 1965, Edmonds 1967). The cost of an edge is `cost[from * size + to]`.
 */
export function cheapestArborescence(size: number, cost: Float64Array): Arborescence {
  const parent = solve(size, cost)
  let sum = 0
  for (let to = 1; to < size; to++) sum += cost[(parent[to] as number) * size + to] as number
  return { cost: sum, parent }
}

function solve(size: number, cost: Float64Array): Int32Array {
  const parent = new Int32Array(size).fill(-1)
  for (let to = 1; to < size; to++) {
    let best = Number.POSITIVE_INFINITY
    for (let from = 0; from < size; from++) {
      const candidate = cost[from * size + to] as number
      if (from !== to && candidate < best) {
        best = candidate
        parent[to] = from
      }
    }
  }
  const { group, groups, inCycle } = groupCycles(parent)
  if (groups === size) return parent

  // Each cycle becomes one node; entering it at `to` saves the cycle's own edge into `to`.
  const contracted = new Float64Array(groups * groups).fill(Number.POSITIVE_INFINITY)
  const viaFrom = new Int32Array(groups * groups)
  const viaTo = new Int32Array(groups * groups)
  for (let from = 0; from < size; from++) {
    for (let to = 1; to < size; to++) {
      const [a, b] = [group[from] as number, group[to] as number]
      if (a === b) continue
      const saved = inCycle[to] === 1 ? (cost[(parent[to] as number) * size + to] as number) : 0
      const candidate = (cost[from * size + to] as number) - saved
      const cell = a * groups + b
      if (candidate < (contracted[cell] as number)) {
        contracted[cell] = candidate
        viaFrom[cell] = from
        viaTo[cell] = to
      }
    }
  }
  const outer = solve(groups, contracted)
  for (let b = 1; b < groups; b++) {
    const cell = (outer[b] as number) * groups + b
    parent[viaTo[cell] as number] = viaFrom[cell] as number
  }
  return parent
}

/** Numbers the groups of nodes: each cycle is one group, and so is each node outside the cycles. Node 0 stays 0. */
function groupCycles(parent: Int32Array): { group: Int32Array; groups: number; inCycle: Uint8Array } {
  const size = parent.length
  const group = new Int32Array(size).fill(-1)
  const inCycle = new Uint8Array(size)
  const seenBy = new Int32Array(size).fill(-1)
  group[0] = 0
  let groups = 1
  for (let start = 1; start < size; start++) {
    let node = start
    while (node > 0 && seenBy[node] === -1) {
      seenBy[node] = start
      node = parent[node] as number
    }
    if (node <= 0 || seenBy[node] !== start || group[node] !== -1) continue
    const cycle = groups++
    for (let member = node; group[member] === -1; member = parent[member] as number) {
      group[member] = cycle
      inCycle[member] = 1
    }
  }
  for (let node = 1; node < size; node++) if (group[node] === -1) group[node] = groups++
  return { group, groups, inCycle }
}
