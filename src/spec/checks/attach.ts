import { gpusOf, topologyLabel } from '../../model/index.ts'
import type { Check } from './check.ts'

/** An endpoint that somebody else runs has one topology, with as many GPUs as said. */
export const checkAttach: Check = ({ raw, deployments }, { refuse }) => {
  if (raw.deploy.with !== 'attach') return
  const first = deployments[0]
  if (first === undefined) return
  if (deployments.length > 1) {
    const label = topologyLabel(first.topology)
    const section = deployments.some(other => topologyLabel(other.topology) !== label) ? 'topologies' : 'engine'
    refuse(
      { kind: 'sweep', path: [section] },
      `with: attach measures one deployment as it is, and this file asks for ${deployments.length}`,
      'list the one topology that runs, and no axes in engine',
    )
    return
  }
  const gpus = gpusOf(first)
  if (gpus !== raw.deploy.gpus) {
    refuse(
      { kind: 'sweep', path: ['deploy', 'gpus'] },
      `gpus is ${raw.deploy.gpus}, and ${topologyLabel(first.topology)} with these GPUs per worker holds ${gpus}`,
      'write gpus_per_worker so that the workers’ GPUs add up to gpus',
    )
  }
}
