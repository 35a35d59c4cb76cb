import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { mergeArguments } from '../../engines/arguments.ts'
import { engineOfModule } from '../../engines/index.ts'
import { hubCacheFolder } from '../../generators/hub.ts'
import type { Json } from '../../model/index.ts'
import { type Check, missed, noticed, passed, type SpreadWorker } from '../doctor/check.ts'
import { checkCuda } from '../doctor/cuda.ts'
import { hereMachine, runShort } from '../doctor/machine.ts'
import { checkCards } from '../doctor/registration.ts'
import { checkHttpPort, service } from '../doctor/services.ts'
import { backendModule, containerImage, mounts } from '../doctor/software.ts'
import { engineVersion, judgeVersion } from '../doctor/versions.ts'
import { noLoggingFile } from '../logging-file.ts'
import { slurmVariables } from '../slurm/variables.ts'
import type { DynamoProcesses } from './config.ts'
import { askFrontendOptions, unknownToFrontend } from './frontend-options.ts'
import { testedDynamo } from './tested.ts'

/**
 * Checks Dynamo's requirements: Python package, NATS, etcd, port, model files, and requirements of the workers.
 * @param workersHere false if other machines run them
 */
export async function checkDynamo(
  config: DynamoProcesses,
  model: string | undefined,
  workersHere: boolean,
): Promise<readonly Check[]> {
  const checks = await Promise.all([
    dynamoPackage(config),
    workersHere ? workerSoftware(config) : [],
    service('nats', 'nats-server', 'nats-server', config.nats),
    discovery(config.etcd),
    kvEvents(config),
    frontendArguments(config),
    config.http_port === undefined ? [] : checkHttpPort(config.http_port),
    model === undefined ? [] : modelFiles(config, model),
    workersHere && engineOfModule(config.backend).launch.startsByMpi === true ? slurmVariables() : [],
  ])
  return checks.flat()
}

/** A KV router that expects events, while workers publish none, knows nothing about caches and does not report it. */
export function kvEvents({
  backend,
  args,
  role_args: ofRoles,
  frontend_args: frontend,
}: DynamoProcesses): readonly Check[] {
  const { kvEvents: needed } = engineOfModule(backend).launch
  const router = mergeArguments(frontend)
  const isOn = (value: Json | undefined) => value !== undefined && value !== false
  const waits =
    router['router-mode'] === 'kv' &&
    !['router-kv-events', 'kv-events'].some(name => router[name] === false) &&
    !['no-router-kv-events', 'no-kv-events'].some(name => isOn(router[name]))
  if (needed === undefined || !waits) return []
  const publishes = [args, ...Object.values(ofRoles)].some(given => {
    const merged = mergeArguments(args, given)
    return needed.arguments.some(name => isOn(merged[name]))
  })
  if (publishes) return [passed('KV events', `${backend} publishes what its prefix cache holds`)]
  return [
    noticed(
      'KV events',
      `router-mode kv waits for events that ${backend} does not publish, so it does not know any cache`,
      `${needed.remedy}; or let the router guess from what it sent: frontend_args: { no-router-kv-events: true }`,
    ),
  ]
}

/** Python packages that workers on several nodes need beside their engine. A container's are those of its image. */
export function rankPackages(
  { backend, args, role_args: ofRoles, container }: DynamoProcesses,
  spread: readonly SpreadWorker[] = [],
): readonly string[] {
  if (container !== undefined) return []
  const { multinode } = engineOfModule(backend).launch
  const needed = spread.flatMap(
    ({ role, settings }) => multinode?.packages?.(mergeArguments(args, ofRoles[role], settings)) ?? [],
  )
  return [...new Set(needed)]
}

async function workerSoftware(config: DynamoProcesses): Promise<readonly Check[]> {
  const { container } = config
  if (container === undefined) {
    const engine = engineOfModule(config.backend)
    const cuda = engine.usesGpus ? checkCuda(hereMachine, config) : []
    const version = engineVersion(hereMachine, engine, config)
    return (await Promise.all([backendModule(hereMachine, config), version, cuda])).flat()
  }
  const [image, folders] = await Promise.all([
    containerImage(container, hereMachine),
    mounts(container.args, hereMachine),
  ])
  return [image.check, ...folders]
}

/** Packages of the frontend and of its runtime, which contains the router. */
async function dynamoPackage(config: DynamoProcesses): Promise<readonly Check[]> {
  const code =
    "import dynamo.frontend; from importlib.metadata import version; print(version('ai-dynamo'), version('ai-dynamo-runtime'))"
  const said = await runShort(config.python, ['-c', code], { ...noLoggingFile, ...config.env })
  if (said.ok) {
    const [version = '', runtime = ''] = said.out.split('\n').at(-1)?.split(' ') ?? []
    return [judgeDynamo(version, config.python), ...judgeRuntime(version, runtime)]
  }
  const lacking = missed(
    'dynamo',
    `${config.python}: ${said.complaint}`,
    'pip install ai-dynamo, or name another Python in deploy.python',
  )
  return [lacking]
}

/** Whether Fulcrum's tests cover the version of ai-dynamo in a Python. */
export const judgeDynamo = (version: string, python: string, where?: string): Check =>
  judgeVersion('dynamo', { version, tested: testedDynamo, detail: `ai-dynamo ${version} in ${python}` }, where)

/** pip installs both in the same version; manual installations can differ. */
export function judgeRuntime(version: string, runtime: string): readonly Check[] {
  if (version === runtime) return []
  const detail = `ai-dynamo ${version}, but ai-dynamo-runtime ${runtime}, which has the router and the transport`
  return [noticed('router', detail, `pip install ai-dynamo-runtime==${version}`)]
}

/** Checks that the installed frontend accepts `frontend_args`, and reports those that later versions remove. */
export async function frontendArguments(config: DynamoProcesses): Promise<readonly Check[]> {
  const given = Object.keys(mergeArguments(config.frontend_args))
  if (given.length === 0) return []
  const options = await askFrontendOptions(config)
  // The check of the package reports why the frontend does not respond.
  if (options.known.size === 0) return []
  const problems = unknownToFrontend(config, options)
  if (problems.length > 0) return problems.map(({ wrong, remedy }) => missed('frontend_args', wrong, remedy))
  const old = given.flatMap(name => {
    const said = options.deprecated.get(name)
    return said === undefined ? [] : [noticed('frontend_args', `--${name} is deprecated`, said)]
  })
  return old.length > 0 ? old : [passed('frontend_args', `the installed frontend knows ${given.join(', ')}`)]
}

/** Checks etcd, and workers of other users that are registered in a given one. */
async function discovery(given: string | undefined): Promise<readonly Check[]> {
  const there = await service('etcd', 'etcd', 'etcd-server', given)
  return given === undefined || !there.ok ? [there] : [there, ...(await checkCards(given, null))]
}

/** Folder or name from which workers load the model. */
export function modelSource({ args }: DynamoProcesses, model: string): string {
  const { 'model-path': path, model: alias } = mergeArguments(args)
  return [path, alias].find(value => typeof value === 'string') ?? model
}

/**
 * The frontend looks up the tokenizer in the Hugging Face cache by the model's name. Without network access, it must be
 * there.
 */
async function modelFiles(config: DynamoProcesses, model: string): Promise<Check> {
  const source = modelSource(config, model)
  if (isAbsolute(source)) return modelFolder(source)
  const env = { ...process.env, ...config.env }
  const cache = hubCacheFolder(env)
  const folder = join(cache, `models--${source.replaceAll('/', '--')}`)
  const revision = (await readFile(join(folder, 'refs/main'), 'utf8').catch(() => '')).trim()
  if (revision !== '') return modelFolder(join(folder, 'snapshots', revision))
  const offline = ['1', 'true', 'yes', 'on'].includes((env.HF_HUB_OFFLINE ?? '').toLowerCase())
  if (!offline) return passed('model', `${source} is not in ${cache} yet; it will be downloaded`)
  return missed(
    'model',
    `${source} is not in ${cache}, and HF_HUB_OFFLINE is set`,
    `HF_HUB_OFFLINE=0 hf download ${source}, or set HF_HOME in deploy.env`,
  )
}

async function modelFolder(folder: string): Promise<Check> {
  const needed = ['config.json', 'tokenizer.json', 'tokenizer_config.json']
  const there = await Promise.all(
    needed.map(file =>
      stat(join(folder, file)).then(
        () => true,
        () => false,
      ),
    ),
  )
  const missing = needed.filter((_, i) => !there[i])
  if (missing.length === 0) return passed('model', folder)
  return missed('model', `${folder} lacks ${missing.join(', ')}`, 'Download the model again.')
}
