import { createDeployer } from '../../src/deployers/create.ts'
import { slurm as deployer } from '../../src/deployers/slurm/index.ts'
import { mocker, model } from '../../test/systems/dynamo-deployment.ts'
import { noSlurm, startCluster } from '../../test/systems/slurm/cluster.ts'
import type { Case } from './case.ts'
import { walkThrough } from './walk.ts'

export const slurm: Case = {
  name: 'slurm',
  title: '`slurm`: workers as steps of an allocation',
  system: 'Slurm 22.05 (slurmctld and slurmd on this machine), ai-dynamo 1.4.2, mocker workers',
  missing: noSlurm,
  walk: walkThrough({ max_num_seqs: 64 }),
  open: async () => {
    const cluster = await startCluster()
    const before = process.env.SLURM_CONF
    process.env.SLURM_CONF = cluster.configFile
    const config = {
      ...mocker,
      head: '127.0.0.1',
      nodes: 1,
      gpus_per_node: 16,
      queue_timeout: 60,
      salloc_args: [],
      srun_args: [],
      keep_slurm_variables: false,
    }
    return {
      deployer: runFolder => createDeployer(deployer.of(config), { model, runFolder }),
      [Symbol.asyncDispose]: async () => {
        if (before === undefined) delete process.env.SLURM_CONF
        else process.env.SLURM_CONF = before
        await cluster[Symbol.asyncDispose]()
      },
    }
  },
}
