import { gpusOf, topologyLabel } from '../../model/index.ts'
import type { Check } from './check.ts'

/** A system that somebody else runs has one topology, with as many GPUs as said. */
export const checkRunningSystem: Check = ({ deployer, capabilities, deployments }, { refuse }) => {
  const { running } = capabilities
  const first = deployments[0]
  if (running === null || first === undefined) return
  if (deployments.length > 1) {
    const label = topologyLabel(first.topology)
    const section = deployments.some(other => topologyLabel(other.topology) !== label) ? 'topologies' : 'engine'
    refuse(
      { kind: 'sweep', path: [section] },
      `with: ${deployer} measures one deployment as it is, and this file asks for ${deployments.length}`,
      'list the one topology that runs, and no axes in engine',
    )
    return
  }
  const gpus = gpusOf(first)
  if (gpus !== running.gpus) {
    refuse(
      { kind: 'sweep', path: ['deploy', 'gpus'] },
      `gpus is ${running.gpus}, and ${topologyLabel(first.topology)} with these GPUs per worker holds ${gpus}`,
      'write gpus_per_worker so that the workers’ GPUs add up to gpus',
    )
  }
}
