import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Arguments, commandLine, mergeArguments } from '../../engines/arguments.ts'
import { engineFormOf, settingsAsArguments, settingsAsTrtllm } from '../../engines/engine-settings.ts'
import { contentId, type Deployment, type EngineSettings, type Role, rolesOf } from '../../model/index.ts'
import type { PlannedFile } from '../deployer.ts'
import { loopback, type Reach } from '../nodes/nodes.ts'
import type { Command, WorkerDesign } from '../worker-design.ts'
import type { DynamoConfig } from './config.ts'

/** What every Dynamo process of one deployer shares. */
export interface DynamoSite {
  readonly config: DynamoConfig
  readonly model: string
  /** Folder for engine files. */
  readonly folder: string
  /** Processes in other namespaces are not seen: two deployments in one would mix. */
  readonly namespace: string
  readonly natsUrl: string
  readonly etcdUrl: string
}

/**
 * Variables that keep a deployment to itself and to this machine. Left alone, Dynamo's workers listen on the outward
 * address. The response stream is given an interface, not an address; the default event plane, ZeroMQ, always listens
 * on all interfaces, hence NATS. What the sweep file says in `env` wins.
 * @param reach where the other processes reach this one
 */
export function siteEnvironment(site: DynamoSite, reach: Reach = loopback): { readonly [name: string]: string } {
  return {
    NATS_SERVER: site.natsUrl,
    ETCD_ENDPOINTS: site.etcdUrl,
    DYN_NAMESPACE: site.namespace,
    DYN_TCP_RPC_HOST: reach.address,
    ...(reach.networkInterface === null ? {} : { DYN_TCP_RESPONSE_STREAM_HOST: reach.networkInterface }),
    DYN_SYSTEM_HOST: reach.address,
    // Left alone, vLLM's KV transfer offers itself at the address that leads out of the machine.
    ...(site.config.backend === 'dynamo.vllm' ? { VLLM_NIXL_SIDE_CHANNEL_HOST: reach.address } : {}),
    DYN_EVENT_PLANE: 'nats',
    DYN_SDK_DISABLE_ANSI_LOGGING: '1',
    PYTHONUNBUFFERED: '1',
    ...site.config.env,
  }
}

/** `python -m dynamo.frontend`; without the namespace it would adopt the models of every deployment it can see. */
export function frontendCommand(site: DynamoSite, port: number | string, reach: Reach = loopback): Command {
  const args = mergeArguments(site.config.frontend_args, {
    'http-host': '127.0.0.1',
    'http-port': String(port),
    namespace: namespaceOf(site),
  })
  return {
    argv: [site.config.python, '-m', 'dynamo.frontend', ...commandLine(args)],
    env: siteEnvironment(site, reach),
  }
}

/** The namespace in force: `DYN_NAMESPACE` of the sweep file when it has one. */
export function namespaceOf(site: DynamoSite): string {
  return site.config.env.DYN_NAMESPACE ?? site.namespace
}

/** Designs a role's workers. */
export function designWorker(
  site: DynamoSite,
  role: Role,
  settings: EngineSettings,
  gpusPerWorker: number,
): WorkerDesign {
  const { config } = site
  const given = mergeArguments(config.args, config.role_args[role])
  const engine = engineArguments(site, role, settings, given)
  const args = mergeArguments(
    modelArguments(site, given),
    given,
    engine.args,
    roleArguments(config.backend, role, given),
  )
  const argv = [config.container?.python ?? config.python, '-m', config.backend, ...commandLine(args)] as const
  const command: Command = { argv: [...argv], env: siteEnvironment(site) }
  const files = engine.files
  return { role, command, files, gpusPerWorker, signature: contentId({ role, command, files, gpusPerWorker }) }
}

/** One worker's own part: the port of its metrics, and the GPUs it may see. */
export function workerEnvironment(
  backend: string,
  gpus: readonly number[] | null,
  ports: { readonly system: number | string; readonly sideChannel: number | string },
): { readonly [name: string]: string } {
  return {
    DYN_SYSTEM_PORT: String(ports.system),
    ...(gpus === null ? {} : { CUDA_VISIBLE_DEVICES: gpus.join(',') }),
    // vLLM's KV transfer listens on one fixed port unless told otherwise: a second worker on the machine would fail.
    ...(backend === 'dynamo.vllm' ? { VLLM_NIXL_SIDE_CHANNEL_PORT: String(ports.sideChannel) } : {}),
  }
}

/** Which model to load and under which name to serve it, as each backend spells that; what the sweep file says wins. */
function modelArguments(site: DynamoSite, given: Arguments): Arguments {
  const path = site.config.backend === 'dynamo.vllm' ? 'model' : 'model-path'
  const name = site.config.backend === 'dynamo.mocker' ? 'model-name' : 'served-model-name'
  const servesPath = (given.model ?? given['model-path'] ?? site.model) === site.model
  return {
    ...(given.model === undefined && given['model-path'] === undefined ? { [path]: site.model } : {}),
    ...(site.config.backend === 'dynamo.mocker' && servesPath ? {} : { [name]: site.model }),
  }
}

/** Aggregated is every backend's default, and spelled differently from version to version: say nothing then. */
function roleArguments(backend: string, role: Role, given: Arguments): Arguments {
  if (role === 'aggregated') return {}
  const mode = { 'disaggregation-mode': role }
  // vLLM has no default for how KV blocks travel, and its prefill worker refuses to start without one.
  if (backend !== 'dynamo.vllm' || given['kv-transfer-config'] !== undefined) return mode
  return { ...mode, 'kv-transfer-config': { kv_connector: 'NixlConnector', kv_role: 'kv_both' } }
}

function engineArguments(
  site: DynamoSite,
  role: Role,
  settings: EngineSettings,
  given: Arguments,
): { readonly args: Arguments; readonly files: readonly PlannedFile[] } {
  if (Object.keys(settings).length === 0) return { args: {}, files: [] }
  const { backend } = site.config
  if (engineFormOf(backend).kind === 'arguments') return { args: settingsAsArguments(backend, settings), files: [] }
  const nested = settingsAsTrtllm(settings)
  // The user's own engine file stays as it is; the worker lays these settings over it.
  if (given['extra-engine-args'] !== undefined)
    return { args: { 'override-engine-args': JSON.stringify(nested) }, files: [] }
  const path = join(site.folder, 'engine', `${role}-${contentId(nested)}.yaml`)
  return { args: { 'extra-engine-args': path }, files: [{ path, content: stringify(nested) }] }
}

/** The designs of all roles that a deployment has. */
export function designsOf(site: DynamoSite, deployment: Deployment): { readonly [role in Role]?: WorkerDesign } {
  const designs = rolesOf(deployment.topology).map(role => {
    const design = designWorker(site, role, deployment.engine[role] ?? {}, deployment.gpusPerWorker[role])
    return [role, design] as const
  })
  return Object.fromEntries(designs)
}
