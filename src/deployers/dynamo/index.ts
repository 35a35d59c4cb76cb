import { checkEngineSettings } from '../../engines/engine-settings.ts'
import { engineOfModule } from '../../engines/index.ts'
import { type Deployment, defined, nodesPerWorker, rolesOf } from '../../model/index.ts'
import type { DeployProblem } from '../capabilities.ts'
import { defineDeployer } from '../define-deployer.ts'
import type { SweepNeeds } from '../doctor/check.ts'
import { filesFor } from '../doctor/host.ts'
import { checkSshNodes, nodeNeeds } from '../doctor/ssh-nodes.ts'
import { nodesOf } from '../nodes/create.ts'
import { reportContradictions } from '../nodes/keys.ts'
import { misfitUnder } from '../nodes/room.ts'
import { checkDynamoConfig, reportPolicyFile } from './check.ts'
import { dynamoParts, variantKeys } from './commands.ts'
import { type DynamoConfig, dynamoKeys } from './config.ts'
import { checkDynamo, modelSource, rankPackages } from './doctor.ts'
import { dynamoDeployer } from './dynamo.ts'
import { dynamoFiles } from './files.ts'
import { testedDynamo } from './tested.ts'
import { dynamoWorkers } from './workers.ts'

/** Dynamo 1.x as processes. */
export const dynamo = defineDeployer({
  name: 'dynamo',
  about: 'Dynamo 1.x as processes on this machine, or with its workers on nodes over ssh.',
  keys: dynamoKeys,
  read: (config, context) => {
    reportContradictions(config, context)
    reportPolicyFile(config, context)
    if (config.nodes !== undefined && config.gpus !== undefined) {
      const right = 'add gpus to each node'
      context.report(['deploy', 'gpus'], 'gpus are those of this machine, and workers run on nodes', right, 'key')
    }
    return config
  },
  capabilities: config => ({
    configProblems: checkDynamoConfig(config),
    spansNodes: true,
    endpointIsLocal: true,
    settingsProblems: (role, settings) => checkEngineSettings(config.backend, role, settings),
    misfit: deployment => mpiOverSsh(config, deployment) ?? misfitUnder(config, deployment),
  }),
  workers: dynamoWorkers,
  variants: { keys: variantKeys, parts: dynamoParts },
  startupS: ({ backend }) => engineOfModule(backend).startupS,
  doctor: async (config, needs) =>
    (
      await Promise.all([checkDynamo(config, needs.model, config.nodes === undefined), checkNodes(config, needs)])
    ).flat(),
  gpusHere: (config, { gpus }) => {
    if (!usesGpus(config)) return null
    if (config.gpus !== undefined) return config.gpus
    return config.nodes !== undefined || gpus === undefined ? null : { atLeast: gpus.deployment }
  },
  files: dynamoFiles,
  create: (config, context) => dynamoDeployer(config, context, nodesOf(config, context.ledger)),
})

const usesGpus = ({ backend }: DynamoConfig) => engineOfModule(backend).usesGpus

async function checkNodes(config: DynamoConfig, needs: SweepNeeds) {
  const { python, backend, container } = config
  const asked = nodeNeeds(config, {
    python,
    tested: testedDynamo,
    backend: container === undefined ? backend : null,
    model: needs.model === undefined ? null : modelSource(config, needs.model),
    gpusPerWorker: usesGpus(config) ? (needs.gpus?.worker ?? 0) : null,
    openFiles: filesFor(needs.concurrency),
    ...defined({ nodesPerWorker: needs.nodesPerWorker }),
    rankPackages: rankPackages(config, needs.spread),
  })
  return asked === null ? [] : checkSshNodes(asked)
}

/** Over ssh, each rank is started separately, without MPI. */
function mpiOverSsh({ backend }: DynamoConfig, deployment: Deployment): DeployProblem | null {
  const { launch, title } = engineOfModule(backend)
  const spread = rolesOf(deployment.topology).find(role => nodesPerWorker(deployment, role) > 1)
  if (spread === undefined || launch.multinode?.mpiProgram === undefined) return null
  return {
    path: ['backend'],
    wrong: `${title} starts the ranks of a worker by MPI, and its ${spread} workers run on ${nodesPerWorker(deployment, spread)} nodes`,
    remedy: 'let srun launch MPI (with: slurm), deploy on Kubernetes, or use one node per worker',
  }
}
