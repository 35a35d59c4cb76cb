import { join } from 'node:path'
import { isSecretName, topologyLabel } from '../../model/index.ts'
import { smallestChange, type WorkerSlot } from '../change.ts'
import type { DeploymentFiles, WantedFiles } from '../define-deployer.ts'
import { etcdCommand, natsCommand } from '../infrastructure.ts'
import { thisMachine } from '../nodes/nodes.ts'
import { type ScriptedProcess, startScript } from '../start-script.ts'
import { type DynamoSite, designsOf, frontendCommand } from './commands.ts'
import type { DynamoConfig } from './config.ts'
import { launchOf } from './worker.ts'

/** Ports of a deployment that stands alone: what its programs use by default, above them one by one. */
const ports = { nats: 4222, etcd: 2379, etcdPeer: 2380, http: 8000, system: 9090, sideChannel: 20_097 }

/**
 * A script that runs the deployment on this machine, with the engines' files. Null when its workers run on other
 * machines.
 */
export function dynamoFiles(config: DynamoConfig, { deployment, model }: WantedFiles): DeploymentFiles | null {
  if (config.nodes !== undefined) return null
  const site: DynamoSite = {
    config,
    model,
    folder: 'engine',
    namespace: 'fulcrum',
    natsUrl: config.nats ?? `nats://127.0.0.1:${ports.nats}`,
    etcdUrl: config.etcd ?? `http://127.0.0.1:${ports.etcd}`,
  }
  const httpPort = config.http_port ?? ports.http
  const nodes = thisMachine(config, site.namespace)
  const designs = designsOf(site, deployment)
  const { start } = smallestChange<WorkerSlot>([], deployment, designs, nodes.hosts())
  const workers = start.flatMap((slot, i) => {
    const design = designs[slot.role]
    if (design === undefined) return []
    const own = { system: ports.system + i, sideChannel: ports.sideChannel + i }
    return [{ name: slot.name, launch: launchOf(site, slot, design, nodes, own) }]
  })
  const infrastructure: readonly ScriptedProcess[] = [
    ...(config.nats === undefined ? [{ name: 'nats', ...natsCommand(ports.nats, join('data', 'nats')) }] : []),
    ...(config.etcd === undefined
      ? [{ name: 'etcd', ...etcdCommand(ports.etcd, ports.etcdPeer, join('data', 'etcd')) }]
      : []),
  ]
  const url = `http://127.0.0.1:${httpPort}`
  const processes = [
    ...infrastructure,
    { name: 'frontend', ...frontendCommand(site, httpPort, nodes.reach(null)) },
    ...workers.map(({ name, launch: { argv, env } }) => ({ name, argv, env })),
  ]
  const about = `${topologyLabel(deployment.topology)} of ${model} with Dynamo on this machine. Written by Fulcrum.`
  const script = startScript({
    about,
    processes: processes.map(withoutSecrets),
    url,
    model,
    readyTimeoutS: config.ready_timeout,
  })
  const engineFiles = workers.flatMap(({ launch }) => launch.files)
  return {
    files: [
      { path: 'start.sh', content: script, isProgram: true },
      ...engineFiles.filter(({ path }, i) => engineFiles.findIndex(other => other.path === path) === i),
    ],
    steps: [
      {
        command: './start.sh',
        does: 'Start everything in the foreground; it says `ready` once a request was answered.',
      },
    ],
    url,
    dialect: 'dynamo-1',
  }
}

/** Secrets stay in the environment of whoever starts the script. */
function withoutSecrets({ name, argv, env }: ScriptedProcess): ScriptedProcess {
  return { name, argv, env: Object.fromEntries(Object.entries(env).filter(([key]) => !isSecretName(key))) }
}
