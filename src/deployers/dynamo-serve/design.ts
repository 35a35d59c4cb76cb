import { readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { parseDocument } from 'yaml'
import { contentId, type Deployment, FulcrumError, type Json, type Role, roles, rolesOf } from '../../model/index.ts'
import type { ConfiguredParts } from '../define-deployer.ts'
import type { PlannedFile } from '../deployer.ts'
import { loopback } from '../nodes/nodes.ts'
import type { Command, WorkerDesign } from '../worker-design.ts'
import type { DynamoServeConfig } from './config.ts'
import { withSettings } from './engine-file.ts'
import { engineFilesOf, modeOf, partsOf, sectionNamed, serviceOf, writtenKey } from './service-file.ts'
import { isYamlFile, problemLine, readYamlFile, type YamlFile } from './yaml-file.ts'

/** State shared by all processes of one deployer. */
export interface ServeSetup {
  readonly config: DynamoServeConfig
  readonly model: string
  /** Folder for copies of configurations. */
  readonly folder: string
  readonly natsUrl: string
  readonly etcdUrl: string
  readonly httpPort: number | string
}

/** Commands of one role's workers. The head runs the graph with the same configuration. */
export interface ServeDesign extends WorkerDesign {
  readonly headCommand: Command
  /** Equal for heads that can replace each other. `signature` only covers the worker. */
  readonly headSignature: string
}

/**
 * The guide's environment and the frontend's address, which Dynamo 0.3.1 reads from DYNAMO_HOST and DYNAMO_PORT,
 * ignoring `-p`. `env` of the sweep file overrides both.
 * @param address of the machine that runs the process, as others reach it
 */
export function serveEnvironment(
  setup: ServeSetup,
  gpus: readonly number[] | null,
  address: string = loopback.address,
): { readonly [name: string]: string } {
  return {
    HEAD_NODE_IP: setup.config.head ?? loopback.address,
    NATS_SERVER: setup.natsUrl,
    ETCD_ENDPOINTS: setup.etcdUrl,
    DYNAMO_HOST: address,
    DYNAMO_PORT: String(setup.httpPort),
    DYN_SDK_DISABLE_ANSI_LOGGING: '1',
    PYTHONUNBUFFERED: '1',
    // Each `dynamo serve` assigns GPUs from 0 on, as if it were alone on the machine.
    ...(gpus === null ? {} : { CUDA_VISIBLE_DEVICES: gpus.join(','), DYN_DISABLE_AUTO_GPU_ALLOCATION: '1' }),
    ...setup.config.env,
  }
}

/** Designs of all roles of a deployment, from copies of the user's configurations. */
export function serveDesigns(setup: ServeSetup, deployment: Deployment): { readonly [role in Role]?: ServeDesign } {
  const designs = rolesOf(deployment.topology).map(role => [role, designOf(setup, role, deployment)] as const)
  return Object.fromEntries(designs)
}

type Wanted = Pick<Deployment, 'engine' | 'gpusPerWorker'>

function designOf(setup: ServeSetup, role: Role, deployment: Wanted): ServeDesign {
  const { config } = setup
  const gpusPerWorker = deployment.gpusPerWorker[role]
  const engines = engineCopies(setup, role, deployment)
  const service = serviceCopy(setup, role, engines, gpusPerWorker)
  const target = config.workers[role]
  const serve = (what: string, ...rest: string[]): Command => ({
    argv: [config.container?.dynamo ?? config.dynamo, 'serve', what, '-f', service.path, ...rest],
    env: serveEnvironment(setup, null),
  })
  const command = serve(target, '--service-name', partsOf(target).service)
  const headCommand = serve(config.graphs[modeOf(role)])
  const files = [...engines.map(({ file }) => file), service]
  // Dynamo's SDK passes each service its own section and Common. The head has all sections except prefill's.
  const sections = parseDocument(service.content).toJS() as { readonly [name: string]: Json }
  const own = serviceOf(config, role)
  const shared = {
    program: config.container?.dynamo ?? config.dynamo,
    env: serveEnvironment(setup, null),
    gpusPerWorker,
  }
  const only = (isRead: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(sections).filter(([name]) => isRead(name)))
  return {
    role,
    command,
    headCommand,
    files,
    gpusPerWorker,
    signature: contentId({ role, target, ...shared, sections: only(name => name === own || name === 'Common') }),
    headSignature: contentId({
      graph: config.graphs[modeOf(role)],
      ...shared,
      sections: only(name => name === own || name !== serviceOf(config, 'prefill')),
    }),
  }
}

/** How heads and workers of a configuration are started. An unreadable file counts as missing. */
export function serveParts(config: DynamoServeConfig): ConfiguredParts {
  const setup: ServeSetup = { config, model: '', folder: '', natsUrl: '', etcdUrl: '', httpPort: 0 }
  const parts = (role: Role) => {
    if (!isYamlFile(readYamlFile(config.configs[modeOf(role)]))) return null
    const gpusPerWorker = { prefill: 1, decode: 1, aggregated: 1 }
    return designOf(setup, role, { engine: {}, gpusPerWorker })
  }
  const [prefill, decode, aggregated] = [parts('prefill'), parts('decode'), parts('aggregated')]
  return {
    frontend: null,
    workers: {
      prefill: prefill?.signature ?? null,
      decode: decode?.signature ?? null,
      aggregated: aggregated?.signature ?? null,
    },
    heads: { decode: decode?.headSignature ?? null, aggregated: aggregated?.headSignature ?? null },
  }
}

/**
 * Keys that may differ between variants while NATS and etcd keep running. Service names distinguish registrations, so
 * `workers` must not differ.
 */
export const variantKeys = ['configs', 'graphs', 'env'] as const

/** Reads a user's file again, because it may have changed since the sweep was checked. */
function read(file: string): YamlFile {
  const found = readYamlFile(file)
  if (isYamlFile(found)) return found
  throw new FulcrumError('bad-input', 'dynamo-serve-config-invalid', problemLine(found))
}

interface EngineCopy {
  /** Key for the engine file in the service's section. */
  readonly key: string
  readonly file: PlannedFile
}

/**
 * Engine files to copy for a role. The file that its settings are written to is always copied. If workers may run where
 * the user's files do not exist or differ, every file that its section names is copied too.
 */
function engineCopies(setup: ServeSetup, role: Role, deployment: Wanted): readonly EngineCopy[] {
  const { config } = setup
  const settings = deployment.engine[role] ?? {}
  const isSet = Object.keys(settings).length > 0
  const file = read(config.configs[modeOf(role)])
  const service = serviceOf(config, role)
  const uses = engineFilesOf(config, role, sectionNamed(file, service))
  if (isSet && uses.length === 0) {
    const wrong = `${service} names no engine file to write settings into`
    const line = problemLine(file.problemAt([service], wrong, 'give it engine_args'))
    throw new FulcrumError('bad-input', 'dynamo-serve-config-invalid', line)
  }
  return uses.flatMap(({ key, path, section }, i) => {
    const written = isSet && i === 0
    if (!written && !runsElsewhere(config)) return []
    const { text } = read(path)
    return [{ key, file: copyOf(setup, path, role, written ? withSettings(text, section, settings) : text) }]
  })
}

/** Whether workers may run where this machine's files are not visible. */
export function runsElsewhere({ nodes, slurm, container }: DynamoServeConfig): boolean {
  return nodes !== undefined || slurm !== undefined || container !== undefined
}

/** Service configuration for one worker per process, with the current port and model name. */
function serviceCopy(setup: ServeSetup, role: Role, engines: readonly EngineCopy[], gpus: number): PlannedFile {
  const { config } = setup
  const path = config.configs[modeOf(role)]
  const file = read(path)
  const document = parseDocument(file.text)
  const service = serviceOf(config, role)
  const set = (keys: readonly string[], value: string | number) => {
    for (let depth = 1; depth < keys.length; depth++) {
      const parent = keys.slice(0, depth)
      if (document.getIn(parent) === null || document.getIn(parent) === undefined) {
        document.setIn(parent, document.createNode({}))
      }
    }
    document.setIn(keys, value)
  }
  set([service, 'ServiceArgs', 'workers'], 1)
  set([service, 'ServiceArgs', 'resources', 'gpu'], gpus)
  for (const { key, file } of engines) set([service, key], file.path)
  const frontend = partsOf(config.graphs[modeOf(role)]).service
  for (const name of [frontend, ...roles.map(each => serviceOf(config, each))]) {
    const key = writtenKey(sectionNamed(file, name), 'served-model-name')
    if (key !== null) set([name, key], setup.model)
  }
  // The example's frontend reads its port from its own section.
  const port = writtenKey(sectionNamed(file, frontend), 'port')
  if (port !== null) set([frontend, port], Number(setup.httpPort) || setup.httpPort)
  return copyOf(setup, path, role, document.toString({ lineWidth: 0 }))
}

function copyOf(setup: ServeSetup, original: string, role: Role, content: string): PlannedFile {
  const extension = extname(original)
  const name = basename(original, extension)
  return { path: join(setup.folder, 'engine', `${name}-${role}-${contentId(content)}${extension}`), content }
}

/** Text of a file; empty if unreadable. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
