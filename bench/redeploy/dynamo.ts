import { existsSync } from 'node:fs'
import { createDeployer } from '../../src/deployers/create.ts'
import { dynamo as deployer } from '../../src/deployers/dynamo/index.ts'
import { mocker, model } from '../../test/systems/dynamo-deployment.ts'
import { type Case, nowhere } from './case.ts'
import { walkThrough } from './walk.ts'

export const dynamo: Case = {
  name: 'dynamo',
  title: '`dynamo`: Dynamo 1.x on this machine',
  system: 'ai-dynamo 1.4.2, mocker workers, NATS, etcd, frontend',
  missing: () => !existsSync(mocker.python) && `${mocker.python} is missing: npm run systems`,
  walk: walkThrough({ max_num_seqs: 64 }),
  open: async () => nowhere(runFolder => createDeployer(deployer.of(mocker), { model, runFolder })),
}
