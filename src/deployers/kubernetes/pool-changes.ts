import type { DeployContext } from '../deployer.ts'
import type { Design } from './design.ts'

/** How many workers an operation starts and stops. */
export interface WorkerCounts {
  readonly workersStarted: number
  readonly workersStopped: number
}

/**
 * Counts the workers that come and go, and reports an event for each pool that changes, and for the frontend. What has
 * another signature is replaced whole.
 * @param previous what the last reconcile brought up, if it did
 * @param replicasOf how many workers a component has now
 */
export function reportPoolChanges(
  { pools, frontend }: Design,
  previous: Design | null,
  replicasOf: (component: string) => number,
  onEvent: DeployContext['onEvent'],
): WorkerCounts {
  let [workersStarted, workersStopped] = [0, 0]
  if (frontend !== null && previous !== null && previous.frontend?.signature !== frontend.signature) {
    onEvent({ kind: 'restart', what: frontend.component.name })
  }
  for (const { role, component, replicas, signature } of pools) {
    const before = replicasOf(component.name)
    const known = previous?.pools.find(pool => pool.role === role)
    const replaced = known !== undefined && known.replicas > 0 && replicas > 0 && known.signature !== signature
    const kept = replaced ? 0 : Math.min(before, replicas)
    workersStarted += replicas - kept
    workersStopped += before - kept
    const what = `${component.name} ${before} → ${replicas}`
    if (replaced) onEvent({ kind: 'restart', what, role })
    else if (replicas > before) onEvent({ kind: 'start', what, role })
    else if (replicas < before) onEvent({ kind: 'stop', what, role })
  }
  return { workersStarted, workersStopped }
}
