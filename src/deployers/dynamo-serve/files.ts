import { join } from 'node:path'
import { isSecretName, topologyLabel } from '../../model/index.ts'
import type { WorkerSlot } from '../change.ts'
import type { DeploymentFiles, WantedFiles } from '../define-deployer.ts'
import { etcdCommand, natsCommand } from '../infrastructure.ts'
import { thisMachine } from '../nodes/nodes.ts'
import { scriptFolder, startScript } from '../start-script.ts'
import { isHead, smallestServeChange } from './change.ts'
import type { DynamoServeConfig } from './config.ts'
import { runsElsewhere, type ServeSite, serveDesigns } from './design.ts'
import { serveTask } from './launch.ts'

const ports = { nats: 4222, etcd: 2379, etcdPeer: 2380, http: 8000 }

/**
 * A script that runs the deployment on this machine with `dynamo serve`, and the configurations that it serves. Null
 * when its services run elsewhere.
 */
export function dynamoServeFiles(
  config: DynamoServeConfig,
  { deployment, model, folder }: WantedFiles,
): DeploymentFiles | null {
  if (runsElsewhere(config)) return null
  const site: ServeSite = {
    config,
    model,
    folder: scriptFolder,
    natsUrl: config.nats ?? `nats://127.0.0.1:${ports.nats}`,
    etcdUrl: config.etcd ?? `http://127.0.0.1:${ports.etcd}`,
    httpPort: config.http_port ?? ports.http,
  }
  const nodes = thisMachine(config)
  const designs = serveDesigns(site, deployment)
  const { start } = smallestServeChange<WorkerSlot>([], deployment, designs, nodes.hosts())
  // The head brings the graph up; the others join it.
  const ordered = start.toSorted((a, b) => Number(isHead(b)) - Number(isHead(a)))
  const tasks = ordered.flatMap(slot => {
    const design = designs[slot.role]
    return design === undefined ? [] : [serveTask(site, slot, design, nodes, process.env.PATH ?? '')]
  })
  const url = `http://127.0.0.1:${site.httpPort}`
  const script = startScript({
    about: `${topologyLabel(deployment.topology)} of ${model} with dynamo serve on this machine. Written by Fulcrum.`,
    processes: [
      ...(config.nats === undefined ? [{ name: 'nats', ...natsCommand(ports.nats, join('data', 'nats')) }] : []),
      ...(config.etcd === undefined
        ? [{ name: 'etcd', ...etcdCommand(ports.etcd, ports.etcdPeer, join('data', 'etcd')) }]
        : []),
      ...tasks.map(({ name, argv, env, cwd }) => ({
        name,
        argv,
        env: Object.fromEntries(Object.entries(env).filter(([key]) => !isSecretName(key))),
        ...(cwd === undefined ? {} : { cwd }),
      })),
    ],
    url,
    model,
    ask: { nvext: { ignore_eos: true } },
    readyTimeoutS: config.ready_timeout,
  })
  const files = tasks.flatMap(task => task.files)
  const inFolder = files.map(({ path, content }) => ({
    path: path.replace(`${scriptFolder}/`, ''),
    // Services read these files from a folder of their own.
    content: content.replaceAll(scriptFolder, folder),
  }))
  return {
    files: [
      { path: 'start.sh', content: script, isProgram: true },
      ...inFolder.filter(({ path }, i) => inFolder.findIndex(other => other.path === path) === i),
    ],
    steps: [
      {
        command: './start.sh',
        does: 'Start everything in the foreground; it says `ready` once a request was answered.',
      },
    ],
    url,
    dialect: 'dynamo-0.3',
  }
}
