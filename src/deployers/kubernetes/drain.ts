import type { Design } from './design.ts'

/**
 * The step in between when pools give way to others (disaggregated to aggregated, and back): those that go are emptied
 * before those that come are filled. Dynamo's frontend knows a model by its first worker; one that comes with another
 * description while that is there may never be taken.
 * @param standing how many workers a component has
 * @returns null when no pool gives way to another
 */
export function drainedFirst(design: Design, standing: (component: string) => number): Design | null {
  const goes = design.pools.some(({ component, replicas }) => replicas === 0 && standing(component.name) > 0)
  const comes = design.pools.filter(({ component, replicas }) => replicas > 0 && standing(component.name) === 0)
  if (!goes || comes.length === 0) return null
  return { ...design, pools: design.pools.map(pool => (comes.includes(pool) ? { ...pool, replicas: 0 } : pool)) }
}
