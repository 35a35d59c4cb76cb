import { existsSync } from 'node:fs'
import { createDeployer } from '../../src/deployers/create.ts'
import { dynamoServe as deployer } from '../../src/deployers/dynamo-serve/index.ts'
import { model } from '../../test/systems/dynamo-deployment.ts'
import { dynamoServe as config } from '../../test/systems/dynamo-serve-deployment.ts'
import { type Case, nowhere } from './case.ts'
import { walkThrough } from './walk.ts'

export const dynamoServe: Case = {
  name: 'dynamo-serve',
  title: '`dynamo-serve`: the guide’s Dynamo 0.3.1',
  system: 'ai-dynamo 0.3.1, real `dynamo serve` over services that have no engine',
  missing: () => !existsSync(config.dynamo) && `${config.dynamo} is missing: npm run systems`,
  walk: walkThrough({ max_batch_size: 64 }),
  open: async () => nowhere(runFolder => createDeployer(deployer.of(config), { model, runFolder })),
}
