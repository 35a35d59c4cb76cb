import { defined } from '../../model/index.ts'
import type { WorkerSlot } from '../change.ts'
import type { DeploymentFiles, WantedFiles } from '../define-deployer.ts'
import { thisMachine } from '../nodes/nodes.ts'
import { standAloneFiles, standAloneUrls } from '../stand-alone.ts'
import { scriptFolder } from '../start-script.ts'
import { isHead, smallestServeChange } from './change.ts'
import type { DynamoServeConfig } from './config.ts'
import { runsElsewhere, type ServeSetup, serveDesigns } from './design.ts'
import { serveTask } from './launch.ts'

/**
 * A script that runs the deployment on this machine with `dynamo serve`, and its configurations. Null if its services
 * run elsewhere.
 */
export function dynamoServeFiles(config: DynamoServeConfig, wanted: WantedFiles): DeploymentFiles | null {
  if (runsElsewhere(config)) return null
  const { deployment, model, folder } = wanted
  const { natsUrl, etcdUrl, httpPort } = standAloneUrls(config)
  const setup: ServeSetup = { config, model, folder: scriptFolder, natsUrl, etcdUrl, httpPort }
  const nodes = thisMachine(config)
  const designs = serveDesigns(setup, deployment)
  const { start } = smallestServeChange<WorkerSlot>([], deployment, designs, nodes.hosts())
  // The head starts the graph, and the others join it.
  const ordered = start.toSorted((a, b) => Number(isHead(b)) - Number(isHead(a)))
  const tasks = ordered.flatMap(slot => {
    const design = designs[slot.role]
    return design === undefined ? [] : [serveTask(setup, slot, design, nodes, process.env.PATH ?? '')]
  })
  return standAloneFiles(config, wanted, {
    by: 'dynamo serve',
    processes: tasks.map(({ name, argv, env, cwd }) => ({ name, argv, env, ...defined({ cwd }) })),
    files: tasks
      .flatMap(task => task.files)
      .map(({ path, content }) => ({
        path: path.replace(`${scriptFolder}/`, ''),
        // Services read these files from a separate folder.
        content: content.replaceAll(scriptFolder, folder),
      })),
    dialect: 'dynamo-0.3',
    ask: { nvext: { ignore_eos: true } },
  })
}
