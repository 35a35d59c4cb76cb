import { roles } from '../../model/index.ts'
import type { Pools } from './reconcile-cost.ts'

/**
 * Groups deployments that have pools in common, directly or through other deployments. Returns indices in ascending
 * order.
 *
 * A step from one group to another replaces all workers, whichever deployments it connects. Continuing inside a group
 * never costs more than starting from nothing, so visiting a group in one stretch costs at most as much as visiting it
 * in two. Groups can therefore be ordered independently.
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
