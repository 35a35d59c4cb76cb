import type { Deployment } from '../model/index.ts'
import { canonicalJson, rememberedOf, rolesOf, workersOf } from '../model/index.ts'

/**
 * Key that is equal for deployments that differ only in the number of workers: serving mode, model, GPUs and settings
 * of a worker, and variant.
 */
export const kindOf = rememberedOf(({ topology, model, engine, gpusPerWorker, variant }: Deployment): string => {
  const workers = rolesOf(topology).map(role => [role, engine[role] ?? {}, gpusPerWorker[role]] as const)
  return canonicalJson([topology.kind, model.name, workers, ...(variant === undefined ? [] : [variant])])
})

/** Whether `larger` has at least the workers of `smaller`, so that it can do whatever the smaller one does. */
export function covers(larger: Deployment, smaller: Deployment): boolean {
  return (
    kindOf(larger) === kindOf(smaller) &&
    rolesOf(smaller.topology).every(role => workersOf(larger.topology, role) >= workersOf(smaller.topology, role))
  )
}
