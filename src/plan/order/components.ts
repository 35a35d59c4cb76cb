import { roles } from '../../model/index.ts'
import type { Pools } from './reconcile-cost.ts'

/**
 * Groups of deployments that have pools in common, directly or through others, as indices in ascending order.
 *
 * Between two groups all workers are replaced, regardless of which deployments meet there. So a group that is visited
 * in two stretches can be visited in one for at most the same cost (continuing inside a group never costs more than
 * starting from nothing), and groups can be ordered independently.
 */
export function components(pools: readonly Pools[]): readonly (readonly number[])[] {
  const parent = pools.map((_, index) => index)
  const find = (index: number): number => {
    let root = index
    while (parent[root] !== root) root = parent[root] as number
    parent[index] = root
    return root
  }
  const firstOfKind = new Map<string, number>()
  for (const [index, pool] of pools.entries()) {
    for (const role of roles) {
      const kind = pool[role]?.kind
      if (kind === undefined) continue
      const first = firstOfKind.get(kind)
      if (first === undefined) firstOfKind.set(kind, index)
      else parent[find(index)] = find(first)
    }
  }
  const groups = new Map<number, number[]>()
  for (const index of pools.keys()) {
    const root = find(index)
    const group = groups.get(root)
    if (group === undefined) groups.set(root, [index])
    else group.push(index)
  }
  return [...groups.values()]
}
