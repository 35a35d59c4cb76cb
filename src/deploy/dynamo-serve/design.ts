import { readFileSync } from 'node:fs'
import { basename, dirname, extname, isAbsolute, join } from 'node:path'
import { parseDocument } from 'yaml'
import { contentId, type Deployment, FulcrumError, type Role, roles, rolesOf } from '../../point/index.ts'
import type { DynamoServeConfig } from '../config.ts'
import type { PlannedFile } from '../deployer.ts'
import type { Command, WorkerDesign } from '../dynamo/commands.ts'
import { withSettings } from './engine-file.ts'
import { engineFilesOf, modeOf, partsOf, sectionNamed, serviceOf, writtenKey } from './service-file.ts'
import { isYamlFile, problemLine, readYamlFile, type YamlFile } from './yaml-file.ts'

/** What all processes of one deployer share. */
export interface ServeSite {
  readonly config: DynamoServeConfig
  readonly model: string
  /** Folder for copies of configurations. */
  readonly folder: string
  readonly natsUrl: string
  readonly etcdUrl: string
  readonly httpPort: number | string
}

/** What the workers of one role run; the head runs the graph over the same configuration. */
export interface ServeDesign extends WorkerDesign {
  readonly headCommand: Command
}

const head = '127.0.0.1'

/**
 * The guide's environment, and what keeps the deployment on this machine: Dynamo 0.3.1 reads the frontend's port from
 * DYNAMO_PORT and ignores `-p`. What the sweep file says in `env` wins.
 */
export function serveEnvironment(site: ServeSite, gpus: readonly number[] | null): { readonly [name: string]: string } {
  return {
    HEAD_NODE_IP: head,
    NATS_SERVER: site.natsUrl,
    ETCD_ENDPOINTS: site.etcdUrl,
    DYNAMO_HOST: head,
    DYNAMO_PORT: String(site.httpPort),
    DYN_SDK_DISABLE_ANSI_LOGGING: '1',
    PYTHONUNBUFFERED: '1',
    // Each `dynamo serve` hands out GPUs from 0 on as if it were alone on the machine.
    ...(gpus === null ? {} : { CUDA_VISIBLE_DEVICES: gpus.join(','), DYN_DISABLE_AUTO_GPU_ALLOCATION: '1' }),
    ...site.config.env,
  }
}

/** The designs of all roles that a deployment has, from copies of the user's configurations. */
export function serveDesigns(site: ServeSite, deployment: Deployment): { readonly [role in Role]?: ServeDesign } {
  const designs = rolesOf(deployment.topology).map(role => [role, designOf(site, role, deployment)] as const)
  return Object.fromEntries(designs)
}

function designOf(site: ServeSite, role: Role, deployment: Deployment): ServeDesign {
  const { config } = site
  const gpusPerWorker = deployment.gpusPerWorker[role]
  const engine = engineCopy(site, role, deployment)
  const service = serviceCopy(site, role, engine, gpusPerWorker)
  const target = config.workers[role]
  const serve = (what: string, ...rest: string[]): Command => ({
    argv: [config.dynamo, 'serve', what, '-f', service.path, ...rest],
    env: serveEnvironment(site, null),
  })
  const command = serve(target, '--service-name', partsOf(target).service)
  const headCommand = serve(config.graphs[modeOf(role)])
  const files = engine === null ? [service] : [engine.file, service]
  const signature = contentId({ role, command, headCommand, files, gpusPerWorker })
  return { role, command, headCommand, files, gpusPerWorker, signature }
}

/** A user's file, read anew: it may have been edited since the sweep was checked. */
function read(file: string): YamlFile {
  const found = readYamlFile(file)
  if (isYamlFile(found)) return found
  throw new FulcrumError('bad-input', 'dynamo-serve-config-invalid', problemLine(found))
}

interface EngineCopy {
  /** Key of the service's section that names the engine file. */
  readonly key: string
  readonly file: PlannedFile
}

/** The engine file with the role's settings; null when it stays as it is. */
function engineCopy(site: ServeSite, role: Role, deployment: Deployment): EngineCopy | null {
  const settings = deployment.engine[role] ?? {}
  if (Object.keys(settings).length === 0) return null
  const file = read(site.config.configs[modeOf(role)])
  const service = serviceOf(site.config, role)
  const [use] = engineFilesOf(site.config, role, sectionNamed(file, service))
  if (use === undefined) {
    const wrong = `${service} names no engine file to write settings into; give it engine_args`
    throw new FulcrumError('bad-input', 'dynamo-serve-config-invalid', problemLine(file.problemAt([service], wrong)))
  }
  const content = withSettings(read(use.path).text, use.section, settings)
  return { key: use.key, file: copyOf(site, use.path, role, content) }
}

/** The service configuration for one worker a process, at the port and model name in force. */
function serviceCopy(site: ServeSite, role: Role, engine: EngineCopy | null, gpus: number): PlannedFile {
  const { config } = site
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
  if (engine !== null) set([service, engine.key], engine.file.path)
  const frontend = partsOf(config.graphs[modeOf(role)]).service
  for (const name of [frontend, ...roles.map(each => serviceOf(config, each))]) {
    const key = writtenKey(sectionNamed(file, name), 'served-model-name')
    if (key !== null) set([name, key], site.model)
  }
  // The example's frontend listens where its own section says.
  const port = writtenKey(sectionNamed(file, frontend), 'port')
  if (port !== null) set([frontend, port], Number(site.httpPort) || site.httpPort)
  return copyOf(site, path, role, document.toString({ lineWidth: 0 }))
}

function copyOf(site: ServeSite, original: string, role: Role, content: string): PlannedFile {
  const extension = extname(original)
  const name = basename(original, extension)
  return { path: join(site.folder, 'engine', `${name}-${role}-${contentId(content)}${extension}`), content }
}

/** The search path of services: they find their own programs (`dynamo-run`, `python`) beside `dynamo`. */
export function programPath(config: DynamoServeConfig, path: string): string {
  return isAbsolute(config.dynamo) ? `${dirname(config.dynamo)}:${path}` : path
}

/** The text of a file; empty when it can't be read. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
