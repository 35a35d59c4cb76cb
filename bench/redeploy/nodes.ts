import { createDeployer } from '../../src/deployers/create.ts'
import { dynamo } from '../../src/deployers/dynamo/index.ts'
import { mocker, model } from '../../test/systems/dynamo-deployment.ts'
import { createHosts, noHosts } from '../../test/systems/shards/hosts.ts'
import type { Case } from './case.ts'
import { walkThrough } from './walk.ts'

const gpus = [0, 1, 2, 3, 4, 5, 6, 7]

export const nodes: Case = {
  name: 'nodes',
  title: '`dynamo` with `nodes`: workers on two hosts, over ssh',
  system: 'ai-dynamo 1.4.2, mocker workers on hosts in network namespaces, each with its own sshd',
  missing: noHosts,
  walk: walkThrough({ max_num_seqs: 64 }),
  open: async () => {
    const hosts = await createHosts({ north: 0, south: 0 })
    const named = ['north', 'south'].map(name => ({ name, gpus }))
    const config = {
      ...mocker,
      head: hosts.address,
      nodes: named,
      ssh: { config: hosts.sshConfig, options: {} },
    }
    return {
      deployer: runFolder => createDeployer(dynamo.of(config), { model, runFolder }),
      [Symbol.asyncDispose]: () => hosts[Symbol.asyncDispose](),
    }
  },
}
