import type { DeployProblem } from '../../deployers/capabilities.ts'
import type { SourceLocation } from '../../engines/role-settings.ts'
import { deploymentLabel } from '../../model/index.ts'
import type { Check } from './check.ts'
import { hasPlaceableWorkers } from './nodes.ts'

/** Reports problems that the deployer finds in its configuration, and deployments that do not fit on its machines. */
export const checkDeployerConfig: Check = (sweep, { refuse }) => {
  const { deployments, capabilities } = sweep
  for (const problem of capabilities.configProblems)
    refuse(placeOf(problem, problem.atValue ? 'value' : 'key'), problem.wrong, problem.remedy)
  for (const deployment of deployments) {
    const misfit = hasPlaceableWorkers(deployment, sweep) ? capabilities.misfit(deployment) : null
    if (misfit === null) continue
    const { wrong, remedy, at } = misfit
    const said = at === undefined ? `${deploymentLabel(deployment)}: ${wrong}` : wrong
    refuse(placeOf(misfit, 'value'), said, remedy)
  }
}

function placeOf({ path, at: inFile }: DeployProblem, at: 'key' | 'value'): SourceLocation {
  if (inFile !== undefined) return { kind: 'file', file: inFile.file, position: inFile.position }
  return { kind: 'sweep', path: path === null ? ['topologies'] : ['deploy', ...path], at }
}
