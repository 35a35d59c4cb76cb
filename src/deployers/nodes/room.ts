import { type Deployment, gpusOf, nodesPerWorker, rolesOf } from '../../model/index.ts'
import type { DeployProblem } from '../capabilities.ts'
import { namedHosts, type Whereabouts } from './create.ts'
import { misfitOn } from './placement.ts'

/** Why a deployment cannot run with a configuration; null if it can. */
export function misfitUnder(config: Whereabouts, deployment: Deployment): DeployProblem | null {
  const { nodes, slurm, gpus } = config
  if (nodes !== undefined || slurm !== undefined) {
    const misfit = misfitOn(namedHosts(config), deployment)
    return misfit === null ? null : noRoom(nodes === undefined ? 'slurm' : 'nodes', misfit)
  }
  const spread = rolesOf(deployment.topology).some(role => nodesPerWorker(deployment, role) > 1)
  if (spread) return noRoom('nodes', misfitOn(namedHosts(config), deployment) ?? 'workers of several nodes need nodes')
  const needed = gpusOf(deployment)
  if (gpus === undefined || needed <= gpus.length) return null
  return noRoom('gpus', `it needs ${needed} ${needed === 1 ? 'GPU' : 'GPUs'}, and deploy.gpus lists ${gpus.length}`)
}

/** @param key key of `deploy` that determines the room */
export function noRoom(key: 'nodes' | 'slurm' | 'gpus', wrong: string): DeployProblem {
  const remedy =
    key === 'gpus'
      ? 'list more GPUs, or exclude the topology with max_gpus'
      : 'add nodes or GPUs, or exclude the topology with max_gpus'
  return { path: [key], wrong, remedy }
}
