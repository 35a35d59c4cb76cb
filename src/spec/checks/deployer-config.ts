import type { Place } from '../../engines/role-settings.ts'
import { topologyLabel } from '../../model/index.ts'
import type { Path } from '../../yaml/problem.ts'
import type { Check } from './check.ts'

/** What the deployer itself finds wrong with its configuration, and deployments that it has no room for. */
export const checkDeployerConfig: Check = ({ raw, deployments, abilities }, { refuse }) => {
  for (const { key, problem, at } of abilities.configProblems) {
    const place: Place =
      at === undefined
        ? { kind: 'sweep', path: ['deploy', ...keyPath(key)], at: 'key' }
        : { kind: 'file', file: at.file, position: at.position }
    refuse(place, problem, problem.includes('; ') ? '' : 'remove it')
  }
  for (const deployment of deployments) {
    const misfit = abilities.misfit(deployment)
    if (misfit === null) continue
    if (typeof misfit !== 'string') {
      const { at, problem } = misfit
      if (at !== undefined) refuse({ kind: 'file', file: at.file, position: at.position }, problem, '')
      continue
    }
    const room = (['nodes', 'slurm', 'gpus'] as const).find(key => key in raw.deploy)
    refuse(
      { kind: 'sweep', path: room === undefined ? ['topologies'] : ['deploy', room] },
      `${topologyLabel(deployment.topology)}: ${misfit}`,
      room === 'nodes' || room === 'slurm'
        ? 'give more nodes or GPUs, or leave the topology out with max_gpus'
        : 'list more GPUs, or leave the topology out with max_gpus',
    )
  }
}

/** `role_args.decode.some.key`: a role's arguments may have dots in their names. */
function keyPath(key: string): Path {
  const steps = key.split('.')
  const depth = steps[0] === 'role_args' || steps[0] === 'services' ? 2 : 1
  return [...steps.slice(0, depth), ...(steps.length > depth ? [steps.slice(depth).join('.')] : [])]
}
