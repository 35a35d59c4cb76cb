import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { DynamoConfig } from '../../src/deployers/dynamo/config.ts'
import { dynamoDeployer } from '../../src/deployers/dynamo/dynamo.ts'
import { endLeftovers, findLeftovers } from '../../src/deployers/leftovers.ts'
import { nodesOf } from '../../src/deployers/nodes/create.ts'
import type { SlurmConfig } from '../../src/deployers/slurm/config.ts'
import { slurmDeployer } from '../../src/deployers/slurm/slurm.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { deployment, disaggregated, model, watch } from './dynamo-deployment.ts'
import { until } from './until.ts'

/** Has a Fulcrum of its own bring 1P1D up, and kills it as nothing can be caught. */
export async function deployAndKill(config: DynamoConfig | SlurmConfig, folder: string): Promise<void> {
  const parent = spawn(process.execPath, [import.meta.filename, JSON.stringify(config), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const up = once(createInterface({ input: parent.stdout }), 'line')
    const ended = once(parent, 'exit').then(() => Promise.reject(new Error('it ended before it was killed')))
    await Promise.race([up, ended])
    ended.catch(() => {})
  } finally {
    parent.kill('SIGKILL')
  }
}

/** NATS, etcd and the frontend, which run on this machine. */
const local = 3

/** Ends what stays on this machine after that, and names it. Connections to hosts end by themselves, but take a moment. */
export async function endWhatStayed(folder: string): Promise<readonly string[]> {
  const find = () => findLeftovers(join(folder, 'ledger'))
  await until(async () => (await find()).length <= local)
  const leftovers = await find()
  await endLeftovers(leftovers, 15_000)
  return leftovers.map(({ name }) => name).sort()
}

const isSlurm = (config: DynamoConfig | SlurmConfig): config is SlurmConfig => 'srun_args' in config

if (process.argv[1] === import.meta.filename) {
  const [content = '{}', folder = '.'] = process.argv.slice(2)
  const config: DynamoConfig | SlurmConfig = JSON.parse(content)
  const ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
  const place = { model: model.name, runFolder: folder, ledger }
  const deployer = isSlurm(config)
    ? slurmDeployer(config, place)
    : dynamoDeployer(config, place, nodesOf(config, ledger))
  await deployer.reconcile(deployment(disaggregated(1, 1)), watch(AbortSignal.timeout(200_000)))
  console.log('up')
  setInterval(() => {}, 1000)
}
