import { dirname, isAbsolute, join } from 'node:path'
import { defineDeployer } from '../define-deployer.ts'
import type { SweepNeeds } from '../doctor/check.ts'
import { filesFor } from '../doctor/host.ts'
import { checkSshNodes, nodeNeeds } from '../doctor/ssh-nodes.ts'
import { nodesOf } from '../nodes/create.ts'
import { checkSlurm } from '../slurm/doctor.ts'
import { serveCapabilities } from './check.ts'
import { type DynamoServeConfig, readServeConfig, serveKeys } from './config.ts'
import { serveParts, variantKeys } from './design.ts'
import { checkDynamoServe } from './doctor.ts'
import { dynamoServeDeployer } from './dynamo-serve.ts'
import { dynamoServeFiles } from './files.ts'
import { testedDynamo } from './tested.ts'
import { serveFiles, serveWorkers } from './workers.ts'

/** Dynamo 0.3's `dynamo serve`. */
export const dynamoServe = defineDeployer({
  name: 'dynamo-serve',
  about: 'Dynamo 0.3’s own `dynamo serve`, as NVIDIA’s guide deploys DeepSeek R1.',
  keys: serveKeys,
  read: readServeConfig,
  capabilities: serveCapabilities,
  identity: (config, context) => ({ files: serveFiles(config, context) }),
  workers: serveWorkers,
  doctor: async (config, needs) => {
    const { slurm } = config
    const parts = [checkDynamoServe(config), checkNodes(config, needs), slurm === undefined ? [] : checkSlurm(slurm)]
    return (await Promise.all(parts)).flat()
  },
  gpusHere: ({ gpus, nodes, slurm }, needs) => {
    if (gpus !== undefined) return gpus
    const isElsewhere = nodes !== undefined || slurm !== undefined
    return isElsewhere || needs.gpus === undefined ? null : { atLeast: needs.gpus.deployment }
  },
  files: dynamoServeFiles,
  variants: { keys: variantKeys, parts: serveParts },
  create: (config, context) => dynamoServeDeployer(config, context, nodesOf(config, context.ledger)),
})

async function checkNodes(config: DynamoServeConfig, needs: SweepNeeds) {
  const asked = nodeNeeds(config, {
    python: isAbsolute(config.dynamo) ? join(dirname(config.dynamo), 'python') : 'python3',
    tested: testedDynamo,
    backend: null,
    model: null,
    gpusPerWorker: needs.gpus?.worker ?? 0,
    openFiles: filesFor(needs.concurrency),
  })
  return asked === null ? [] : checkSshNodes(asked)
}
