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

/** The Kubernetes cluster of a deployer. The load's Job also runs there. */
export interface ClusterOfDeployment {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  readonly namespace?: string | undefined
}

/** The deployment to write, its model's name, and the absolute path of the target folder. */
export interface WantedFiles {
  readonly deployment: Deployment
  readonly model: string
  readonly folder: string
}

/** Output of `fulcrum tune --write`: files that deploy a deployment without Fulcrum. */
export interface DeploymentFiles {
  /** Paths relative to the target folder. */
  readonly files: readonly (PlannedFile & { readonly isProgram?: true })[]
  /** Steps to deploy them from that folder: commands and their purposes. The first one is enough for a try. */
  readonly steps: readonly { readonly command: string; readonly does: string }[]
  /** Base URL of the deployment; null if it depends on the cluster. */
  readonly url: string | null
  readonly dialect: Endpoint['dialect']
}

/** Definition of a deployer. */
export interface DeployerSpec<K extends Keys, Config, Name extends string = string> {
  /** Value of `deploy.with`. */
  readonly name: Name
  /** Description of what it deploys, in one sentence. */
  readonly about: string
  /** Keys of `deploy` in addition to `with` and `gpus_per_worker`, which every deployer has. */
  readonly keys: K
  /** Completes a configuration whose keys depend on each other, and reports problems that zod can't detect. */
  read?(keys: ReadKeys<K>, context: SectionContext): Config
  /** Checks before anything starts. Default: accepts everything. */
  capabilities?(config: NoInfer<Config>): Partial<DeployerCapabilities> | Promise<Partial<DeployerCapabilities>>
  /**
   * Further inputs of a point's identity in addition to decisive keys, such as the content of files that the
   * configuration names.
   */
  identity?(config: NoInfer<Config>, context: SectionContext): { readonly [key: string]: Json }
  /** The engine of the workers, and the source of its settings. Default: unknown, which skips the engine's rules. */
  workers?(config: NoInfer<Config>, context: SectionContext): WorkerEngine
  /** Seconds from the start of a worker to its first answer, for estimates without an earlier run. Default: 180. */
  startupS?(config: NoInfer<Config>): number
  /** Checks of `fulcrum doctor`. They change nothing and start no worker. */
  doctor?(config: NoInfer<Config>, needs: SweepNeeds): Promise<readonly Check[]>
  /** GPUs of this machine that workers use; null if there are none, or workers run elsewhere. */
  gpusHere?(config: NoInfer<Config>, needs: SweepNeeds): AskedGpus
  /** The Kubernetes cluster that it uses. */
  cluster?(config: NoInfer<Config>): ClusterOfDeployment
  /** The endpoint, if it is known before anything starts. Default: unknown. */
  endpoint?(config: NoInfer<Config>, model: string): Endpoint
  /** Writes files that deploy one deployment without Fulcrum. Default: not supported. */
  files?(config: NoInfer<Config>, wanted: WantedFiles): DeploymentFiles | null
  /**
   * How to change a running system from one variant of a sweep to another with the smallest change. Without it, Fulcrum
   * closes the system of one variant before it starts the next.
   */
  readonly variants?: ReconciledVariants<K, NoInfer<Config>>
  /**
   * The part of a deployment that `reconcile` can't change while the system runs. If it differs, everything restarts.
   * Default: nothing.
   */
  fixed?(deployment: Deployment): Json
  /** @param context has `configOf`, which returns the configuration of a deployment's variant */
  create(config: NoInfer<Config>, context: DeployerContext & ConfigOf<NoInfer<Config>>): Deployer
}

/** The configuration of a deployment. */
export interface ConfigOf<Config> {
  /** The configuration of its variant, or the only one in a sweep without variants. */
  configOf(wanted: Deployment): Config
}

/** What `reconcile` can change while the system runs. */
export interface ReconciledVariants<K extends Keys, Config> {
  /** Keys of `deploy` that it reads from `configOf`. A change of any other key closes the system. */
  readonly keys: readonly (keyof K & string)[]
  /** The start configuration of each part. A part keeps running if it is equal. */
  parts(config: Config): ConfiguredParts
}

/** The start configuration of a deployment's parts, apart from topology, engine settings, model and GPUs. */
export interface ConfiguredParts {
  readonly frontend: Json
  readonly workers: { readonly [role in Role]: Json }
  /**
   * Roles of which one worker runs in the same process as the frontend, with that process's start configuration. They
   * restart together. Default: none.
   */
  readonly heads?: { readonly [role in Role]?: Json }
}

/** A deployer with its configuration, whose type is hidden. */
export interface ConfiguredDeployer {
  /** Value of `deploy.with`. */
  readonly name: string
  readonly config: unknown
  /** GPUs of one worker according to the sweep file. */
  readonly gpusPerWorker: number | { readonly [role in Role]?: number | undefined } | undefined
  /**
   * The decisive keys of the section as written, before they are resolved; empty for a deployer configured from code.
   */
  readonly decisive: { readonly [key: string]: Json }
  /** Further inputs of a point's identity. */
  identity(): { readonly [key: string]: Json }
  /** @throws FulcrumError bad-input if a file that the configuration names can't be used */
  capabilities(): Promise<DeployerCapabilities>
  /** Read on first use. */
  workers(): WorkerEngine
  /** Estimated seconds from the start of a worker to its first answer. */
  readonly startupS: number
  doctor(needs: SweepNeeds): Promise<readonly Check[]>
  gpusHere(needs: SweepNeeds): AskedGpus
  /** Null if it does not use a Kubernetes cluster. */
  cluster(): ClusterOfDeployment | null
  /** Null if it is unknown before something starts. */
  endpoint(model: string): Endpoint | null
  /** Writes files that deploy one deployment without Fulcrum; null if that is not supported. */
  files(wanted: WantedFiles): DeploymentFiles | null
  /**
   * Equal for configurations between which a running system can be changed.
   * @see parts
   */
  readonly system: string
  /** The start configuration of its parts. */
  parts(): ConfiguredParts
  /** The part of a deployment that can't change while it runs; null if everything can. */
  fixed(deployment: Deployment): Json
  /** @param configOf the configuration of each wanted deployment; default: its own */
  create(context: DeployerContext, configOf?: (wanted: Deployment) => unknown): Deployer
}

/** A deployer with any configuration, as the rest of Fulcrum knows it. */
export interface AnyDeployer {
  readonly name: string
  readonly about: string
  /** The `deploy` section of a sweep file. */
  readonly schema: z.ZodObject
  /** Configures it from a section that its schema accepted, and reports problems. */
  configure(section: { readonly [key: string]: Json }, context: SectionContext): ConfiguredDeployer
}

/** A deployer that can also be configured from code. */
export interface DeployerDefinition<Config, Schema extends z.ZodObject = z.ZodObject> extends AnyDeployer {
  readonly schema: Schema
  of(config: Config): ConfiguredDeployer
}

/** Large models take minutes to load. */
const usualStartupS = 180

/** The start configuration of parts that no key changes. */
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

/** A `deploy` section: the keys of all deployers and those of this one. */
type SectionSchema<K extends Keys, Name extends string> = z.ZodObject<
  ShapeOf<K> & { readonly with: z.ZodLiteral<Name>; readonly gpus_per_worker: z.ZodOptional<typeof gpusPerWorker> },
  z.core.$strict
>

/**
 * Defines a deployer. Its configuration has the types that zod derives from its keys, so nothing is declared twice.
 * Each key declares whether it affects what is measured (`decisive`) or not (`operational`).
 *
 * @throws FulcrumError bad-input `key-undecided` if a key is neither decisive nor operational
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
  // Leaves out GPUs per worker, because they are part of each deployment.
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
      fixed: deployment => spec.fixed?.(deployment) ?? null,
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
