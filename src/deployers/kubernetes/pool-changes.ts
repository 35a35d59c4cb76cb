import type { DeployContext } from '../deployer.ts'
import type { Design } from './design.ts'

/** Number of workers that a change starts and stops. */
export interface WorkerCounts {
  readonly workersStarted: number
  readonly workersStopped: number
}

/**
 * Counts the started and stopped workers, and reports an event for each changed pool and the frontend. A pool with a
 * different signature is replaced as a whole, and so is everything if the graph is created again.
 * @param previous result of the last reconcile, if there is one
 * @param replicasOf current number of workers of a component
 */
export function reportPoolChanges(
  { pools, frontend }: Design,
  previous: Design | null,
  replicasOf: (component: string) => number,
  onEvent: DeployContext['onEvent'],
  isMadeAnew = false,
): WorkerCounts {
  let [workersStarted, workersStopped] = [0, 0]
  const isOtherFrontend = previous !== null && previous.frontend?.signature !== frontend?.signature
  if (frontend !== null && (isMadeAnew || isOtherFrontend)) {
    onEvent({ kind: 'restart', what: frontend.component.name })
  }
  for (const { role, component, replicas, signature } of pools) {
    const before = replicasOf(component.name)
    const known = previous?.pools.find(pool => pool.role === role)
    const isOther = known !== undefined && known.replicas > 0 && known.signature !== signature
    const replaced = replicas > 0 && (isOther || (isMadeAnew && before > 0))
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
