import { smallestChange, type WorkerSlot } from '../change.ts'
import type { DeploymentFiles, WantedFiles } from '../define-deployer.ts'
import { thisMachine } from '../nodes/nodes.ts'
import { standAloneFiles, standAloneUrls } from '../stand-alone.ts'
import { type DynamoSetup, designsOf, frontendCommand } from './commands.ts'
import type { DynamoConfig } from './config.ts'
import { launchesOf } from './worker.ts'

/** Ports of the first worker; those of the others are the next ones. */
const workerPorts = { system: 9090, sideChannel: 20_097, own: 20_297 }

/**
 * A script that runs the deployment on this machine, with the engines' files. Null when its workers run on other
 * machines.
 */
export function dynamoFiles(config: DynamoConfig, wanted: WantedFiles): DeploymentFiles | null {
  if (config.nodes !== undefined) return null
  const { deployment, model } = wanted
  const { natsUrl, etcdUrl, httpPort } = standAloneUrls(config)
  const setup: DynamoSetup = { config, model, folder: 'engine', namespace: 'fulcrum', natsUrl, etcdUrl }
  const nodes = thisMachine(config, setup.namespace)
  const designs = designsOf(setup, deployment)
  const { start } = smallestChange<WorkerSlot>([], deployment, designs, nodes.hosts())
  const workers = start.flatMap((slot, i) => {
    const design = designs[slot.role]
    if (design === undefined) return []
    const own = {
      system: workerPorts.system + i,
      sideChannel: workerPorts.sideChannel + i,
      own: workerPorts.own + i,
    }
    return launchesOf(setup, slot, design, nodes, { ranks: [own], meeting: '' })
  })
  return standAloneFiles(config, wanted, {
    by: 'Dynamo',
    processes: [
      { name: 'frontend', ...frontendCommand(setup, httpPort, nodes.reach(null)) },
      ...workers.map(({ name, launch: { argv, env } }) => ({ name, argv, env })),
    ],
    files: workers.flatMap(({ launch }) => launch.files),
    dialect: 'dynamo-1',
  })
}
