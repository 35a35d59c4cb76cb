import { join } from 'node:path'
import { defined, isSecretName, topologyLabel } from '../model/index.ts'
import type { DeploymentFiles, WantedFiles } from './define-deployer.ts'
import type { PlannedFile } from './deployer.ts'
import { etcdCommand, type InfrastructureConfig, natsCommand } from './infrastructure.ts'
import { distinctFiles } from './planned-commands.ts'
import { type ScriptedProcess, type StartScript, startScript } from './start-script.ts'

/** Configuration of a deployment on this machine. */
type HereConfig = InfrastructureConfig & {
  readonly http_port?: number | undefined
  readonly ready_timeout: number
}

/** Ports of a stand-alone deployment: its programs' defaults. */
const ports = { nats: 4222, etcd: 2379, etcdPeer: 2380, http: 8000 }

/** Where the parts of a stand-alone deployment reach each other, and where it answers. */
export function standAloneUrls(config: HereConfig) {
  const httpPort = config.http_port ?? ports.http
  return {
    natsUrl: config.nats ?? `nats://${config.head ?? '127.0.0.1'}:${ports.nats}`,
    etcdUrl: config.etcd ?? `http://${config.head ?? '127.0.0.1'}:${ports.etcd}`,
    httpPort,
    url: `http://127.0.0.1:${httpPort}`,
  }
}

/** A deployer's part of the script. */
export interface StandAloneOptions {
  /** Name of the system: `Dynamo`. */
  readonly by: string
  /** The frontend and workers in starting order. */
  readonly processes: readonly ScriptedProcess[]
  /** Files that they read, relative to the script. */
  readonly files: readonly PlannedFile[]
  readonly dialect: DeploymentFiles['dialect']
  readonly ask?: StartScript['ask']
  /** Where workers run if not on this machine: `on north and south over ssh`. */
  readonly where?: string
  readonly addressesOf?: StartScript['addressesOf']
}

/** A script that runs a deployment on this machine, including NATS and etcd unless they are given, and its files. */
export function standAloneFiles(
  config: HereConfig,
  { deployment, model }: WantedFiles,
  { by, processes, files, dialect, ask, where = 'on this machine', addressesOf }: StandAloneOptions,
): DeploymentFiles {
  const { url } = standAloneUrls(config)
  const etcd = etcdCommand(ports.etcd, ports.etcdPeer, join('data', 'etcd'), config.head)
  const script = startScript({
    about: `${topologyLabel(deployment.topology)} of ${model} with ${by} ${where}. Written by Fulcrum.`,
    processes: [
      ...(config.nats === undefined
        ? [{ name: 'nats', ...natsCommand(ports.nats, join('data', 'nats'), config.head) }]
        : []),
      ...(config.etcd === undefined ? [{ name: 'etcd', ...etcd }] : []),
      ...processes.map(withoutSecrets),
    ],
    url,
    model,
    readyTimeoutS: config.ready_timeout,
    ...defined({ ask, addressesOf }),
  })
  return {
    files: [{ path: 'start.sh', content: script, isProgram: true }, ...distinctFiles(files)],
    steps: [
      {
        command: './start.sh',
        does: where === 'on this machine' ? startsHere : `On ${config.head ?? 'this machine'}: s${startsHere.slice(1)}`,
      },
    ],
    url,
    dialect,
  }
}

const startsHere = 'Starts everything in the foreground, and prints `ready` once a request has been answered.'

/** Secrets stay in the environment of the user who starts the script. */
function withoutSecrets({ env, ...process }: ScriptedProcess): ScriptedProcess {
  return { ...process, env: Object.fromEntries(Object.entries(env).filter(([name]) => !isSecretName(name))) }
}
