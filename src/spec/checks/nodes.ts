import { type Deployment, nodesPerWorker, nodesSetting, rolesOf } from '../../model/index.ts'
import { type Check, type CheckedSweep, rolesWithSettings } from './check.ts'

/** Whether the workers of a deployment have numbers of nodes that can be placed. Another check reports the others. */
export function hasPlaceableWorkers({ engine, topology, gpusPerWorker }: Deployment, sweep: CheckedSweep): boolean {
  return rolesOf(topology).every(role => {
    const said = engine[role]?.[nodesSetting]
    const nodes = nodesPerWorker({ engine }, role)
    if (said === undefined || said === 1) return true
    const { spansNodes, settingsProblems } = sweep.capabilities
    return (
      said === nodes &&
      spansNodes &&
      gpusPerWorker[role] % nodes === 0 &&
      settingsProblems(role, { [nodesSetting]: nodes }).length === 0
    )
  })
}

/**
 * Checks the number of nodes of a worker: it must be whole, divide the worker's GPUs evenly, and be supported by the
 * deployer.
 */
export const checkNodes: Check = (sweep, { refuse }) => {
  for (const { deployment, role, settings } of rolesWithSettings(sweep)) {
    const found = settings.get('nodes')
    if (found === null) continue
    const nodes = nodesPerWorker(deployment, role)
    const worker = `${role === 'aggregated' ? 'an' : 'a'} ${role} worker`
    const gpus = deployment.gpusPerWorker[role]
    if (nodes !== found.value) {
      refuse(found.place, `invalid ${nodesSetting} ${JSON.stringify(found.value)}`, 'write a whole number from 1')
    } else if (nodes > 1 && !sweep.capabilities.spansNodes) {
      const wrong = `with: ${sweep.deployer} can’t start ${worker} on ${nodes} nodes`
      refuse(
        found.place,
        wrong,
        `remove ${nodesSetting}, or use a deployer that can (docs/how-to/multi-node-workers.md)`,
      )
    } else if (gpus % nodes !== 0) {
      const wrong = `the ${nodes} nodes of ${worker} can’t share its ${gpus} GPU${gpus === 1 ? '' : 's'} evenly`
      refuse(found.place, wrong, `write a ${nodesSetting} that divides ${gpus}, or change the parallel sizes`)
    }
  }
}
