import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Arguments, commandLine, mergeArguments } from '../../engines/arguments.ts'
import type { CommandLine } from '../../engines/define-engine.ts'
import { settingsAsArguments } from '../../engines/engine-settings.ts'
import { engineOfModule } from '../../engines/index.ts'
import {
  contentId,
  type Deployment,
  type EngineSettings,
  engineSettingsOnly,
  nodesOfSettings,
  type Role,
  rolesOf,
} from '../../model/index.ts'
import type { ConfiguredParts } from '../define-deployer.ts'
import type { PlannedFile } from '../deployer.ts'
import { noLoggingFile } from '../logging-file.ts'
import { loopback, type Reach } from '../nodes/nodes.ts'
import type { Command, Gang, WorkerDesign } from '../worker-design.ts'
import type { DynamoConfig } from './config.ts'

/** State shared by all Dynamo processes of one deployer. */
export interface DynamoSetup {
  readonly config: DynamoConfig
  readonly model: string
  /** Folder for engine files. */
  readonly folder: string
  /** Processes in other namespaces are invisible. Two deployments in one namespace would mix. */
  readonly namespace: string
  readonly natsUrl: string
  readonly etcdUrl: string
}

/**
 * Seconds that a killed worker stays in discovery and receives requests, which fail. This is the default of ai-dynamo
 * 1.4.2; 1.6.1 uses 30.
 */
const leaseS = '10'

/**
 * Variables that keep a deployment separate and local to this machine. By default, Dynamo's workers listen on the
 * external address. The response stream takes an interface instead of an address. The default event plane, ZeroMQ,
 * always listens on all interfaces, so NATS is used instead. `env` of the sweep file overrides all of them.
 * @param reach where the other processes reach this one
 */
export function processEnvironment(setup: DynamoSetup, reach: Reach = loopback): { readonly [name: string]: string } {
  const { sideChannel, loggingFile } = engineOfModule(setup.config.backend).launch
  return {
    NATS_SERVER: setup.natsUrl,
    ETCD_ENDPOINTS: setup.etcdUrl,
    DYN_NAMESPACE: setup.namespace,
    DYN_TCP_RPC_HOST: reach.address,
    ...(reach.networkInterface === null ? {} : { DYN_TCP_RESPONSE_STREAM_HOST: reach.networkInterface }),
    DYN_SYSTEM_HOST: reach.address,
    ...(sideChannel === undefined ? {} : { [sideChannel.host]: reach.address }),
    DYN_EVENT_PLANE: 'nats',
    ETCD_LEASE_TTL: leaseS,
    DYN_SDK_DISABLE_ANSI_LOGGING: '1',
    ...(loggingFile ? {} : noLoggingFile),
    PYTHONUNBUFFERED: '1',
    ...setup.config.env,
  }
}

/** `python -m dynamo.frontend`. Without a namespace, it would adopt the models of every deployment that it can see. */
export function frontendCommand(setup: DynamoSetup, port: number | string, reach: Reach = loopback): Command {
  const args = mergeArguments(setup.config.frontend_args, {
    'http-host': '127.0.0.1',
    'http-port': String(port),
    namespace: namespaceOf(setup),
  })
  return {
    argv: [setup.config.python, '-m', 'dynamo.frontend', ...commandLine(args)],
    env: processEnvironment(setup, reach),
  }
}

/** Equal for frontends that can replace each other, whatever their ports. */
export function frontendSignature(setup: DynamoSetup, reach: Reach = loopback): string {
  return contentId(frontendCommand(setup, '', reach))
}

/** Effective namespace: `DYN_NAMESPACE` of the sweep file, if set. */
export function namespaceOf(setup: DynamoSetup): string {
  return setup.config.env.DYN_NAMESPACE ?? setup.namespace
}

/** Builds the commands of a role's workers. */
export function designWorker(
  setup: DynamoSetup,
  role: Role,
  settings: EngineSettings,
  gpusPerWorker: number,
): WorkerDesign {
  const { config } = setup
  const given = mergeArguments(config.args, config.role_args[role])
  const engine = engineArguments(setup, role, engineSettingsOnly(settings), given)
  const args = mergeArguments(
    modelArguments(setup, given),
    given,
    engine.args,
    roleArguments(config.backend, role, given),
  )
  const argv = [config.container?.python ?? config.python, '-m', config.backend, ...commandLine(args)] as const
  const command: Command = { argv: [...argv], env: processEnvironment(setup) }
  const files = engine.files
  const gang = gangOf(config, args, gpusPerWorker, nodesOfSettings(settings) ?? 1)
  const spread = gang === null ? {} : { nodes: gang.nodes }
  const signature = contentId({ role, command, files, gpusPerWorker, ...spread })
  return { role, command, files, gpusPerWorker, signature, ...(gang === null ? {} : { gang }) }
}

/** How a worker is spread over nodes; null on a single node. */
function gangOf({ backend }: DynamoConfig, args: Arguments, gpus: number, nodes: number): Gang | null {
  const { multinode } = engineOfModule(backend).launch
  if (nodes === 1 || multinode === undefined) return null
  const gpusPerNode = Math.ceil(gpus / nodes)
  const { registers, argumentsOf, commandOf } = multinode.ranks(args, { nodes, gpusPerNode })
  const { mpiProgram, environmentOf } = multinode
  return {
    nodes,
    gpusPerNode,
    registers,
    isMpi: mpiProgram !== undefined,
    rank: (command, rank) => {
      const worker: CommandLine = [...command.argv, ...commandLine(argumentsOf?.(rank) ?? {})]
      const argv = commandOf?.(rank, worker) ?? (mpiProgram === undefined ? worker : [mpiProgram, ...worker])
      return { argv: onInterface(rank.address, argv), env: { ...environmentOf?.(rank), ...command.env } }
    },
  }
}

/**
 * Makes a rank's NCCL and Gloo use the interface with its address; by default, they use the first one that is up. They
 * still choose RDMA devices themselves, and variables in the environment take precedence.
 */
const interfaceScript = `device=$(ip -o -4 addr show to "$1" 2>/dev/null | { read -r _ name _ && echo "$name"; })
shift
if [ -n "$device" ]; then
  export NCCL_SOCKET_IFNAME="\${NCCL_SOCKET_IFNAME:-$device}" GLOO_SOCKET_IFNAME="\${GLOO_SOCKET_IFNAME:-$device}"
fi
exec "$@"`

function onInterface(address: string, argv: readonly string[]): Command['argv'] {
  return ['bash', '-c', interfaceScript, 'rank', address, ...argv]
}

/** Variables of one worker: the port of its metrics, and its visible GPUs. */
export function workerEnvironment(
  backend: string,
  gpus: readonly number[] | null,
  ports: { readonly system: number | string; readonly sideChannel: number | string },
): { readonly [name: string]: string } {
  const { sideChannel } = engineOfModule(backend).launch
  return {
    DYN_SYSTEM_PORT: String(ports.system),
    ...(gpus === null ? {} : { CUDA_VISIBLE_DEVICES: gpus.join(',') }),
    ...(sideChannel === undefined ? {} : { [sideChannel.port]: String(ports.sideChannel) }),
  }
}

/**
 * Arguments for the model to load and its served name, in each engine's spelling. Arguments of the sweep file take
 * precedence.
 */
function modelArguments(setup: DynamoSetup, given: Arguments): Arguments {
  const { model, servedName, isNamedByPath } = engineOfModule(setup.config.backend).launch
  const servesPath = (given.model ?? given['model-path'] ?? setup.model) === setup.model
  return {
    ...(given.model === undefined && given['model-path'] === undefined ? { [model]: setup.model } : {}),
    ...(isNamedByPath === true && servesPath ? {} : { [servedName]: setup.model }),
  }
}

/** Aggregated is every engine's default, and its spelling differs between versions, so it has no argument. */
function roleArguments(backend: string, role: Role, given: Arguments): Arguments {
  if (role === 'aggregated') return {}
  const needed = Object.entries(engineOfModule(backend).launch.disaggregated ?? {})
  return { 'disaggregation-mode': role, ...Object.fromEntries(needed.filter(([name]) => given[name] === undefined)) }
}

function engineArguments(
  setup: DynamoSetup,
  role: Role,
  settings: EngineSettings,
  given: Arguments,
): { readonly args: Arguments; readonly files: readonly PlannedFile[] } {
  if (Object.keys(settings).length === 0) return { args: {}, files: [] }
  const { backend } = setup.config
  const form = engineOfModule(backend).settings
  if (form.kind === 'arguments') return { args: settingsAsArguments(backend, settings), files: [] }
  const nested = form.nest(settings)
  // The worker applies these settings on top of the user's own engine file, which stays unchanged.
  if (given[form.argument] !== undefined) return { args: { [form.overrides]: JSON.stringify(nested) }, files: [] }
  const path = join(setup.folder, 'engine', `${role}-${contentId(nested)}.yaml`)
  return { args: { [form.argument]: path }, files: [{ path, content: stringify(nested) }] }
}

/** Designs of all roles of a deployment. */
export function designsOf(setup: DynamoSetup, deployment: Deployment): { readonly [role in Role]?: WorkerDesign } {
  const designs = rolesOf(deployment.topology).map(role => {
    const design = designWorker(setup, role, deployment.engine[role] ?? {}, deployment.gpusPerWorker[role])
    return [role, design] as const
  })
  return Object.fromEntries(designs)
}

/** How the frontend and the workers of a configuration are started, wherever they run. */
export function dynamoParts(config: DynamoConfig): ConfiguredParts {
  const setup: DynamoSetup = { config, model: '', folder: '', namespace: '', natsUrl: '', etcdUrl: '' }
  const worker = (role: Role) => designWorker(setup, role, {}, 1).signature
  return {
    frontend: frontendSignature(setup),
    workers: { prefill: worker('prefill'), decode: worker('decode'), aggregated: worker('aggregated') },
  }
}

/** Keys that may differ between variants while NATS, etcd and the machines stay. */
export const variantKeys = ['python', 'backend', 'args', 'role_args', 'frontend_args', 'env'] as const
