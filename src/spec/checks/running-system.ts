import { gpusOf, topologyLabel } from '../../model/index.ts'
import type { Check } from './check.ts'

/** Checks that a sweep of a system that Fulcrum does not deploy has a single topology with the given number of GPUs. */
export const checkRunningSystem: Check = ({ deployer, capabilities, deployments }, { refuse }) => {
  const { running } = capabilities
  const first = deployments[0]
  if (running === null || first === undefined) return
  if (deployments.length > 1) {
    const label = topologyLabel(first.topology)
    const section = deployments.some(other => topologyLabel(other.topology) !== label) ? 'topologies' : 'engine'
    refuse(
      { kind: 'sweep', path: [section] },
      `with: ${deployer} measures a single running deployment, but this file has ${deployments.length}`,
      'list only the running topology, and no axes in engine',
    )
    return
  }
  const gpus = gpusOf(first)
  if (gpus !== running.gpus) {
    refuse(
      { kind: 'sweep', path: ['deploy', 'gpus'] },
      `gpus is ${running.gpus}, but ${topologyLabel(first.topology)} has ${gpus} with this gpus_per_worker`,
      'write a gpus_per_worker with which the GPUs of all workers add up to gpus',
    )
  }
}
