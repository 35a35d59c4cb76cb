import { checkEngineSettings } from '../../engines/engine-settings.ts'
import { engineOfModule } from '../../engines/index.ts'
import { defineDeployer } from '../define-deployer.ts'
import { checkDynamoConfig, reportPolicyFile } from '../dynamo/check.ts'
import { dynamoParts, variantKeys } from '../dynamo/commands.ts'
import { checkDynamo, rankPackages } from '../dynamo/doctor.ts'
import { dynamoWorkers } from '../dynamo/workers.ts'
import { misfitOn } from '../nodes/placement.ts'
import { noRoom } from '../nodes/room.ts'
import { slurmKeys } from './config.ts'
import { checkSlurm } from './doctor.ts'
import { slurmFiles } from './files.ts'
import { hostsToCome } from './nodes.ts'
import { slurmDeployer } from './slurm.ts'

/** Dynamo 1.x in a Slurm allocation. */
export const slurm = defineDeployer({
  name: 'slurm',
  about: 'Dynamo 1.x with its workers as steps of a Slurm allocation.',
  keys: slurmKeys,
  read: (config, context) => {
    reportPolicyFile(config, context)
    return config
  },
  capabilities: config => ({
    configProblems: checkDynamoConfig(config),
    spansNodes: true,
    endpointIsLocal: true,
    settingsProblems: (role, settings) => checkEngineSettings(config.backend, role, settings),
    misfit: deployment => {
      const misfit = misfitOn(hostsToCome(config), deployment)
      return misfit === null ? null : noRoom('nodes', misfit)
    },
  }),
  workers: dynamoWorkers,
  variants: { keys: variantKeys, parts: ({ nodes: _, ...config }) => dynamoParts(config) },
  doctor: async (config, { model, nodesPerWorker = 1, spread }) => {
    const isMpi = engineOfModule(config.backend).launch.multinode?.mpiProgram !== undefined
    const { env, python } = config
    const ranks = nodesPerWorker > 1 ? { env, isMpi, python, packages: rankPackages(config, spread) } : null
    return (await Promise.all([checkDynamo(config, model, false), checkSlurm(config, ranks)])).flat()
  },
  files: slurmFiles,
  create: slurmDeployer,
})
