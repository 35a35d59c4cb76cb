import { topologyLabel } from '../../point/index.ts'
import type { Path } from '../file/problem.ts'
import type { Check } from './check.ts'

/** What the deployer itself finds wrong with its configuration, and deployments that it has no room for. */
export const checkDeployerConfig: Check = ({ raw, deployments, abilities }, report) => {
  for (const { key, problem } of abilities.configProblems) {
    report(['deploy', ...keyPath(key)], problem, problem.includes('; ') ? '' : 'remove it', 'key')
  }
  for (const deployment of deployments) {
    const misfit = abilities.misfit(deployment)
    if (misfit === null) continue
    const place: Path =
      raw.deploy.with === 'dynamo' && raw.deploy.gpus !== undefined ? ['deploy', 'gpus'] : ['topologies']
    report(
      place,
      `${topologyLabel(deployment.topology)}: ${misfit}`,
      'list more GPUs, or leave the topology out with max_gpus',
    )
  }
}

/** `role_args.decode.some.key`: a role's arguments may have dots in their names. */
function keyPath(key: string): Path {
  const steps = key.split('.')
  const depth = steps[0] === 'role_args' ? 2 : 1
  return [...steps.slice(0, depth), ...(steps.length > depth ? [steps.slice(depth).join('.')] : [])]
}
