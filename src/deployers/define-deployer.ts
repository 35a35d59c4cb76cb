import { z } from 'zod'
import { branded, canonicalJson, type Deployment, type Endpoint, type Json, type Role } from '../model/index.ts'
import { field, positiveInt } from '../yaml/field.ts'
import { disk } from '../yaml/files.ts'
import {
  decisive,
  decisivePart,
  type Key,
  type Keys,
  operational,
  type ReadKeys,
  type ShapeOf,
  strictKeys,
} from '../yaml/keys.ts'
import { readValue } from '../yaml/reading.ts'
import type { SectionContext } from '../yaml/section-context.ts'
import { type DeployerCapabilities, takesAnything } from './capabilities.ts'
import type { DeployerContext } from './context.ts'
import type { Deployer, PlannedFile } from './deployer.ts'
import type { AskedGpus, Check, SweepNeeds } from './doctor/check.ts'
import { unknownWorkers, type WorkerEngine } from './worker-engine.ts'

/** The cluster of Kubernetes that a deployer works on; the load's Job runs there, too. */
export interface ClusterOfDeployment {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  readonly namespace?: string | undefined
}

/** Which deployment is to be written, its model's name, and the folder that the files will lie in, absolute. */
export interface WantedFiles {
  readonly deployment: Deployment
  readonly model: string
  readonly folder: string
}

/** What `fulcrum tune --write` writes: files that deploy a deployment without Fulcrum. */
export interface DeploymentFiles {
  /** Paths relative to the folder that they are written to. */
  readonly files: readonly (PlannedFile & { readonly isProgram?: true })[]
  /** How to deploy them from that folder, a command and what it does each; the first one is enough to try it. */
  readonly steps: readonly { readonly command: string; readonly does: string }[]
  /** Base URL that the deployment answers at; null when it depends on the cluster. */
  readonly url: string | null
  readonly dialect: Endpoint['dialect']
}

/** A deployer as its author writes it. */
export interface DeployerSpec<K extends Keys, Config, Name extends string = string> {
  /** What `deploy.with` says. */
  readonly name: Name
  /** What it deploys, in a sentence. */
  readonly about: string
  /** Keys of `deploy` beside `with` and `gpus_per_worker`, which every deployer has. */
  readonly keys: K
  /** Completes a configuration where keys depend on each other, and reports what zod can't see. */
  read?(keys: ReadKeys<K>, context: SectionContext): Config
  /** What can be said before anything starts. Default: it takes anything. */
  capabilities?(config: NoInfer<Config>): Partial<DeployerCapabilities> | Promise<Partial<DeployerCapabilities>>
  /** What decides an outcome beyond decisive keys, such as the content of files that configurations name. */
  identity?(config: NoInfer<Config>, context: SectionContext): { readonly [key: string]: Json }
  /**
   * Which engine the workers run, and where its settings come from. Default: unknown, and no rules of an engine are
   * checked.
   */
  workers?(config: NoInfer<Config>, context: SectionContext): WorkerEngine
  /** Seconds from starting a worker to its first answer, for estimates without a past run. Default: 180. */
  startupS?(config: NoInfer<Config>): number
  /** What `fulcrum doctor` looks at. Changes nothing, starts no worker. */
  doctor?(config: NoInfer<Config>, needs: SweepNeeds): Promise<readonly Check[]>
  /** GPUs of this machine that workers take; null when none, or when workers run elsewhere. */
  gpusHere?(config: NoInfer<Config>, needs: SweepNeeds): AskedGpus
  /** The Kubernetes cluster that it works on. */
  cluster?(config: NoInfer<Config>): ClusterOfDeployment
  /** The endpoint, where it is known before anything starts. Default: it is not. */
  endpoint?(config: NoInfer<Config>, model: string): Endpoint
  /** What deploys one deployment without Fulcrum. Default: nothing does. */
  files?(config: NoInfer<Config>, wanted: WantedFiles): DeploymentFiles | null
  /**
   * How one that runs is brought from one variant of a sweep to another by the smallest change. Without it, the system
   * of a variant is closed before that of the next is brought up.
   */
  readonly variants?: ReconciledVariants<K, NoInfer<Config>>
  /**
   * @param context whose `configOf` says what a wanted deployment is to be deployed with: its variant's configuration
   */
  create(config: NoInfer<Config>, context: DeployerContext & ConfigOf<NoInfer<Config>>): Deployer
}

/** Which configuration a deployment is wanted with. */
export interface ConfigOf<Config> {
  /** That of its variant; in a sweep without variants the only one. */
  configOf(wanted: Deployment): Config
}

/** What `reconcile` can change while the system runs. */
export interface ReconciledVariants<K extends Keys, Config> {
  /** Keys of `deploy` that it takes from `configOf`. A change of any other key closes the system. */
  readonly keys: readonly (keyof K & string)[]
  /** What each part is started with: a part runs on where this is equal. */
  parts(config: Config): ConfiguredParts
}

/** What the parts of a deployment are started with, topology, engine settings, model and GPUs apart. */
export interface ConfiguredParts {
  readonly frontend: Json
  readonly workers: { readonly [role in Role]: Json }
  /**
   * Roles of which one worker runs in one process with the frontend, and what that process is started with: they
   * restart together. Default: none.
   */
  readonly heads?: { readonly [role in Role]?: Json }
}

/** A deployer with its configuration. What the configuration holds is its own business. */
export interface ConfiguredDeployer {
  /** What `deploy.with` says. */
  readonly name: string
  readonly config: unknown
  /** GPUs that one worker holds, as the sweep file says it. */
  readonly gpusPerWorker: number | { readonly [role in Role]?: number | undefined } | undefined
  /**
   * What of the section decides an outcome, as written rather than resolved; empty for one that was configured from
   * code.
   */
  readonly decisive: { readonly [key: string]: Json }
  /** What decides an outcome beside that. */
  identity(): { readonly [key: string]: Json }
  /** @throws FulcrumError bad-input when something that the configuration names can't be used */
  capabilities(): Promise<DeployerCapabilities>
  /** Read when first asked for. */
  workers(): WorkerEngine
  /** Seconds from starting a worker to its first answer; a guess. */
  readonly startupS: number
  doctor(needs: SweepNeeds): Promise<readonly Check[]>
  gpusHere(needs: SweepNeeds): AskedGpus
  /** Null when it does not work on a cluster of Kubernetes. */
  cluster(): ClusterOfDeployment | null
  /** Null when it is not known before something starts. */
  endpoint(model: string): Endpoint | null
  /** What deploys one deployment without Fulcrum; null when nothing does. */
  files(wanted: WantedFiles): DeploymentFiles | null
  /**
   * Equal for configurations between which a running system can be changed.
   * @see parts
   */
  readonly system: string
  /** What its parts are started with. */
  parts(): ConfiguredParts
  /** @param configOf the configuration of each deployment that will be wanted; its own unless given */
  create(context: DeployerContext, configOf?: (wanted: Deployment) => unknown): Deployer
}

/** A deployer as the rest of Fulcrum knows it: whatever its configuration is. */
export interface AnyDeployer {
  readonly name: string
  readonly about: string
  /** The `deploy` section of a sweep file. */
  readonly schema: z.ZodObject
  /** Configures it from a section that its schema let through; reports what is wrong with it. */
  configure(section: { readonly [key: string]: Json }, context: SectionContext): ConfiguredDeployer
}

/** A deployer that can be configured from code, too. */
export interface DeployerDefinition<Config, Schema extends z.ZodObject = z.ZodObject> extends AnyDeployer {
  readonly schema: Schema
  of(config: Config): ConfiguredDeployer
}

/** Large models take minutes to load. */
const usualStartupS = 180

/** Parts that no key changes. */
const sameParts: ConfiguredParts = { frontend: null, workers: { prefill: null, decode: null, aggregated: null } }

const gpusPerWorker = field(
  z.union([
    positiveInt,
    z.strictObject({
      prefill: positiveInt.optional(),
      decode: positiveInt.optional(),
      aggregated: positiveInt.optional(),
    }),
  ]),
  'GPUs that one worker holds, for all roles or by role. Default: tensor × pipeline parallel size if the engine settings or arguments set them, else the number in the deployer’s profile or manifest, else 1.',
  'write a whole number from 1, or { prefill: …, decode: …, aggregated: … }',
)

/** A `deploy` section: the keys that every deployer has, and its own. */
type SectionSchema<K extends Keys, Name extends string> = z.ZodObject<
  ShapeOf<K> & { readonly with: z.ZodLiteral<Name>; readonly gpus_per_worker: z.ZodOptional<typeof gpusPerWorker> },
  z.core.$strict
>

/**
 * Defines a deployer. Its configuration is what its keys say, as zod reads them: nothing is stated twice. Each key says
 * whether it decides what is measured (`decisive`) or not (`operational`).
 *
 * @throws FulcrumError bad-input `key-undecided` when a key is neither decisive nor operational
 *
 * @example
 * ```ts
 * import { decisive, defineDeployer, field, operational, program } from 'fulcrum'
 * import { z } from 'zod'
 *
 * export default defineDeployer({
 *   name: 'my-server',
 *   about: 'One process of my-server on this machine.',
 *   keys: {
 *     binary: decisive(field(program, 'The server.', 'write a path or a name on PATH')),
 *     timeout_s: operational(field(z.number().positive().default(60), 'Seconds until it answers.', 'write a number of seconds')),
 *   },
 *   create({ binary, timeout_s: timeoutS }, { model, start, freePort, answered }) {
 *     let server: Awaited<ReturnType<typeof start>> | null = null
 *     const argv = (port: number | string) => [binary, '--port', `${port}`] as const
 *     return {
 *       async reconcile(_wanted, context) {
 *         const startedAt = performance.now()
 *         await server?.stop()
 *         const port = await freePort()
 *         const endpoint = { url: `http://127.0.0.1:${port}`, model, dialect: 'openai', metricsUrls: {} } as const
 *         server = await start({ name: 'my-server', argv: argv(port) })
 *         await answered(endpoint, { processes: [server], timeoutS, label: 'my-server' }, context)
 *         return { endpoint, workersStarted: 1, workersStopped: 0, elapsedS: (performance.now() - startedAt) / 1000 }
 *       },
 *       check: async () => (server?.alive() ? [] : ['my-server has ended']),
 *       preview: () => ({ commands: [{ argv: argv('PORT'), env: {} }], files: [] }),
 *       logs: () => ({ 'my-server': server?.lastLines() ?? [] }),
 *       close: async () => await server?.stop(),
 *     }
 *   },
 * })
 * ```
 */
export function defineDeployer<const K extends Keys, Config = ReadKeys<K>, const Name extends string = string>(
  spec: DeployerSpec<K, Config, Name>,
): DeployerDefinition<Config, SectionSchema<K, Name>> {
  const { name, about } = spec
  const keys = spec.keys as Keys
  const given: { readonly [key: string]: Key } = {
    with: decisive(z.literal(name)),
    ...keys,
    gpus_per_worker: operational(gpusPerWorker.optional()),
  }
  const schema = strictKeys(given, `deployer ${name}`)
  const section = strictKeys(keys, `deployer ${name}`)
  // GPUs per worker are part of each deployment.
  const reconciled = new Set<string>(['gpus_per_worker', ...(spec.variants?.keys ?? [])])
  const isReconciled = (key: string) => reconciled.has(key)

  function bind(
    config: Config,
    raw: { readonly [key: string]: Json },
    context: SectionContext,
    gpus: ConfiguredDeployer['gpusPerWorker'],
  ): ConfiguredDeployer {
    let workers: WorkerEngine | null = null
    return {
      name,
      config,
      gpusPerWorker: gpus,
      decisive: decisivePart(schema, raw) as { readonly [key: string]: Json },
      identity: () => spec.identity?.(config, context) ?? {},
      capabilities: async () => ({ ...takesAnything, ...(await spec.capabilities?.(config)) }),
      workers: () => {
        workers ??= spec.workers?.(config, context) ?? unknownWorkers
        return workers
      },
      startupS: spec.startupS?.(config) ?? usualStartupS,
      doctor: async needs => (await spec.doctor?.(config, needs)) ?? [],
      gpusHere: needs => spec.gpusHere?.(config, needs) ?? null,
      cluster: () => spec.cluster?.(config) ?? null,
      endpoint: model => spec.endpoint?.(config, model) ?? null,
      files: wanted => spec.files?.(config, wanted) ?? null,
      system: canonicalJson([name, Object.entries(raw).filter(([key]) => !isReconciled(key))]),
      parts: () => spec.variants?.parts(config) ?? sameParts,
      create: (context, configOf = () => config) =>
        spec.create(config, { ...context, configOf: wanted => configOf(wanted) as Config }),
    }
  }

  return branded('deployer', {
    name,
    about,
    schema: schema as unknown as SectionSchema<K, Name>,
    configure: (raw: { readonly [key: string]: Json }, context: SectionContext) => {
      const own = Object.fromEntries(Object.keys(keys).flatMap(key => (key in raw ? [[key, raw[key]]] : [])))
      const read = readValue(section, own, context, ['deploy']) as ReadKeys<K>
      const config = spec.read === undefined ? (read as unknown as Config) : spec.read(read, context)
      return bind(config, raw, context, raw.gpus_per_worker as ConfiguredDeployer['gpusPerWorker'])
    },
    of: (config: Config) => bind(config, {}, { report: () => {}, folder: process.cwd(), files: disk }, undefined),
  })
}
