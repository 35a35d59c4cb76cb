import type { Design } from './design.ts'

/**
 * The intermediate step when pools replace others (disaggregated to aggregated, and back). It empties the old pools
 * before the new ones are filled. Dynamo's frontend takes the description of a model from its first worker, and may
 * never accept a worker with a different description while the first one is running.
 * @param standing number of workers of a component
 * @returns null if no pool replaces another
 */
export function drainedFirst(design: Design, standing: (component: string) => number): Design | null {
  const goes = design.pools.some(({ component, replicas }) => replicas === 0 && standing(component.name) > 0)
  const comes = design.pools.filter(({ component, replicas }) => replicas > 0 && standing(component.name) === 0)
  if (!goes || comes.length === 0) return null
  return { ...design, pools: design.pools.map(pool => (comes.includes(pool) ? { ...pool, replicas: 0 } : pool)) }
}
