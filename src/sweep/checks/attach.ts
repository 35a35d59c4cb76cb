import { gpusOf, topologyLabel } from '../../point/index.ts'
import type { Check } from './check.ts'

/** An endpoint that somebody else runs has one topology, with as many GPUs as said, and settings that Fulcrum can't change. */
export const checkAttach: Check = ({ raw, deployments }, report) => {
  if (raw.deploy.with !== 'attach') return
  const first = deployments[0]
  if (first === undefined) return
  if (deployments.length > 1) {
    report(
      deployments.some(other => topologyLabel(other.topology) !== topologyLabel(first.topology))
        ? ['topologies']
        : ['engine'],
      `with: attach measures one deployment as it is, and this file asks for ${deployments.length}`,
      'list the one topology that runs, and no axes in engine',
    )
    return
  }
  const gpus = gpusOf(first)
  if (gpus !== raw.deploy.gpus) {
    report(
      ['deploy', 'gpus'],
      `gpus is ${raw.deploy.gpus}, and ${topologyLabel(first.topology)} with these GPUs per worker holds ${gpus}`,
      'write gpus_per_worker so that the workers’ GPUs add up to gpus',
    )
  }
}
