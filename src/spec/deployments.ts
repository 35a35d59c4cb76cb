import type { DeployerCapabilities } from '../deployers/capabilities.ts'
import type { ConfiguredDeployer } from '../deployers/define-deployer.ts'
import type { Deployment, Json, Model, Role } from '../model/index.ts'
import { gpusOf, roles } from '../model/index.ts'
import { pathText, type Report } from '../yaml/problem.ts'
import { engineOf } from './checks/engine.ts'
import { roleSettings, type SettingSources } from './checks/sources.ts'
import { deploymentId } from './identity.ts'
import { crossSettings, type RoleSettings, type WantedEngine } from './sections/engine.ts'
import type { WantedTopology } from './sections/topologies.ts'

/** Everything that deployments are made from. */
export interface DeploymentParts {
  readonly topologies: readonly WantedTopology[]
  readonly engine: WantedEngine
  readonly model: Model
  readonly raw: SettingSources
  readonly deploy: ConfiguredDeployer
  readonly capabilities: DeployerCapabilities
  /** What of model and deployer goes into a deployment's id. */
  readonly identity: { readonly model: Json; readonly deploy: Json }
}

/** Every combination of topologies and engine settings within the GPU limits, in file order. */
export function crossDeployments(parts: DeploymentParts, report: Report): readonly Deployment[] {
  const deployments: Deployment[] = []
  for (const wanted of parts.topologies) {
    const before = deployments.length
    for (const engine of crossSettings(parts.engine, wanted.topology)) {
      const content = {
        topology: wanted.topology,
        model: parts.model,
        engine,
        gpusPerWorker: gpusPerWorker(parts, wanted, engine),
      }
      const id = deploymentId(content, parts.identity.model, parts.identity.deploy)
      const deployment: Deployment = { id, ...content }
      const gpus = gpusOf(deployment)
      if (gpus <= wanted.maxGpus && gpus >= wanted.minGpus) deployments.push(deployment)
    }
    if (deployments.length === before) reportNoneLeft(wanted, parts.topologies, report, deployments)
  }
  return deployments
}

/** Reports an entry whose GPU limits exclude all of its topologies; some of them may be. */
function reportNoneLeft(
  wanted: WantedTopology,
  all: readonly WantedTopology[],
  report: Report,
  kept: readonly Deployment[],
): void {
  const siblings = all.filter(other => other.path === wanted.path)
  if (siblings.at(-1) !== wanted || kept.some(item => siblings.some(sibling => sibling.topology === item.topology)))
    return
  report(
    wanted.path,
    `no topology of ${pathText(wanted.path)} has ${wanted.minGpus > 0 ? `at least ${wanted.minGpus} and ` : ''}at most ${wanted.maxGpus} GPU${wanted.maxGpus === 1 ? '' : 's'}`,
    'raise max_gpus, lower min_gpus, or list other worker counts',
  )
}

function gpusPerWorker(
  parts: DeploymentParts,
  wanted: WantedTopology,
  engine: RoleSettings,
): Deployment['gpusPerWorker'] {
  const said = parts.deploy.gpusPerWorker
  const { running } = parts.capabilities
  const shared = running === null ? null : gpusOfEach(running.gpus, wanted)
  const of = (role: Role): number => {
    const explicit = typeof said === 'object' ? said[role] : said
    return (
      explicit ??
      engineOf(parts.raw).gpusPerWorker(roleSettings(parts.raw, role, engine[role] ?? {})) ??
      shared ??
      parts.capabilities.gpusPerWorker(role) ??
      1
    )
  }
  return Object.fromEntries(roles.map(role => [role, of(role)])) as Deployment['gpusPerWorker']
}

/** Of a system that runs already, GPUs of one worker when all have the same number; null when they can't. */
function gpusOfEach(gpus: number, { topology }: WantedTopology): number | null {
  const workers = topology.kind === 'aggregated' ? topology.workers : topology.prefill + topology.decode
  return gpus % workers === 0 ? gpus / workers : null
}
