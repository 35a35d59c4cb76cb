import type { z } from 'zod'
import type { Check } from '../model/doctor-check.ts'
import { branded, type Endpoint, type Json, type Point } from '../model/index.ts'
import type { ProcessLedger } from '../process/ledger.ts'
import { decisivePart, type Keys, type ReadKeys, type ShapeOf, strictKeys } from '../yaml/keys.ts'
import { readValue } from '../yaml/reading.ts'
import type { SectionContext } from '../yaml/section-context.ts'
import {
  type AskedLoad,
  type GeneratorCapabilities,
  leastCapabilities,
  requireNone,
  type Shortfall,
  shortfallsOf,
} from './capabilities.ts'
import type { LoadGenerator } from './generator.ts'
import type { ShardJob, ShardSettings } from './shards/launch.ts'
import type { ShardLauncher } from './shards/launcher.ts'

/**
 * Folders that a generator may use, and the record of the processes that it starts.
 *
 * @example
 * ```ts
 * import { join } from 'node:path'
 * import type { GeneratorContext } from 'fulcrum'
 *
 * export const resultsOf = ({ runFolder }: GeneratorContext, pointId: string): string => join(runFolder, 'points',
 * pointId)
 * ```
 */
export interface GeneratorContext {
  /** Folder of the run. Measurements name their files relative to it. */
  readonly runFolder: string
  /** Folder for files to keep between runs; default: the user's cache folder. */
  readonly cacheFolder?: string
  /** Launches shards as pods of a Job. */
  readonly jobLauncher?: (shards: ShardSettings & { readonly job: ShardJob }) => ShardLauncher
  /** Record of started processes. With it, Fulcrum finds and ends them after it was killed. Opened on first use. */
  ledger(): Promise<ProcessLedger>
}

/** How a generator splits a point's load over processes. */
export interface Sharding<Config> {
  /** Null if the load is not split. */
  of(config: Config): ShardSettings | null
  /** The same configuration with the load split over this number of processes. */
  with(config: Config, count: number): Config
}

/** Shows how the load sends requests: an example request, or the command that sends them. */
export type LoadExample =
  | {
      readonly kind: 'request'
      readonly url: string
      readonly headers: { readonly [name: string]: string }
      readonly body: { readonly [field: string]: Json }
    }
  | { readonly kind: 'command'; readonly argv: readonly string[] }

/** Definition of a generator. */
export interface GeneratorSpec<K extends Keys, Config, Name extends string = string> {
  /** Value of `generator.name`, also shown in reports. */
  readonly name: Name
  /** Description in one sentence. */
  readonly about: string
  /** Keys of `generator` in addition to `name`. */
  readonly keys: K
  /** Completes a configuration whose keys depend on each other, and reports problems that zod can't detect. */
  read?(keys: ReadKeys<K>, context: SectionContext): Config
  /** Supported features. Omitted ones are not supported; see {@link leastCapabilities}. */
  readonly capabilities: Partial<GeneratorCapabilities>
  /** Further limitations: unsupported combinations, or consequences of a configuration. */
  shortfalls?(asked: AskedLoad, config: Config): readonly Shortfall[]
  /** Absent if it cannot split a point's load over processes. */
  readonly sharding?: Sharding<Config>
  /** Checks of `fulcrum doctor`. They change nothing and send no load. */
  doctor?(config: Config): Promise<readonly Check[]>
  /** Request or command for a point. Default: none is shown. */
  example?(point: Point, endpoint: Endpoint, config: Config): Promise<LoadExample>
  /**
   * Called before the first measurement, so that commands that only read a sweep do not load the code that measures.
   */
  create(config: Config, context: GeneratorContext): LoadGenerator | Promise<LoadGenerator>
}

/** A generator with its configuration, whose content only the generator knows. */
export interface ConfiguredGenerator {
  readonly name: string
  readonly config: unknown
  readonly capabilities: GeneratorCapabilities
  /** Keys of the section that decide an outcome, as written rather than resolved. */
  readonly decisive: { readonly [key: string]: Json }
  /** Parts of a load that it cannot fulfill; empty if there are none. */
  shortfalls(asked: AskedLoad): readonly Shortfall[]
  /** Processes or pods that share the load; null if it is not split. */
  readonly shards: ShardSettings | null
  /** The same with the load split over this number of processes; null if it cannot be split. */
  split(count: number): ConfiguredGenerator | null
  doctor(): Promise<readonly Check[]>
  /** Request or command for a point; null if the generator does not show it. */
  example(point: Point, endpoint: Endpoint): Promise<LoadExample | null>
  create(context: Omit<GeneratorContext, 'ledger'>): LoadGenerator
}

/** A generator with any configuration, as the rest of Fulcrum uses it. */
export interface AnyGenerator {
  readonly name: string
  readonly about: string
  /** Keys of the `generator` section in addition to `name`. */
  readonly schema: z.ZodObject
  readonly capabilities: GeneratorCapabilities
  /** Whether a point's load can be split over processes. */
  readonly canSplit: boolean
  /** Configures it from keys that its schema has accepted, and reports their problems. */
  configure(keys: { readonly [key: string]: Json }, context: SectionContext): ConfiguredGenerator
}

/** A generator that code can configure as well. */
export interface GeneratorDefinition<Config, Name extends string = string, Schema extends z.ZodObject = z.ZodObject>
  extends AnyGenerator {
  readonly name: Name
  readonly schema: Schema
  of(config: Config): ConfiguredGenerator
}

/**
 * Defines a load generator. Its configuration has the types that zod derives from its keys, so nothing is declared
 * twice. Each key declares whether another value changes what is measured (`decisive`) or not (`operational`).
 *
 * @example
 * ```ts
 * import { decisive, defineGenerator, FulcrumError, field, operational, program } from 'fulcrum'
 * import { z } from 'zod'
 *
 * export default defineGenerator({
 *   name: 'my-load',
 *   about: 'my-load, our own client',
 *   keys: {
 *     command: operational(field(program.prefault('my-load'), 'Its program.', 'write a path or a name on PATH')),
 *     threads: decisive(field(z.int().min(1).default(1), 'Threads that send.', 'write a whole number from 1')),
 *   },
 *   capabilities: { apis: ['chat'], loads: ['concurrency', 'rate'], arrivals: ['poisson'] },
 *   create: ({ command }) => ({
 *     measure: async () => {
 *       throw new FulcrumError('failed', 'my-load-failed', `${command} is not written yet`)
 *     },
 *     close: async () => {},
 *   }),
 * })
 * ```
 * @throws FulcrumError bad-input `key-undecided` if a key is neither decisive nor operational
 */
export function defineGenerator<const K extends Keys, Config = ReadKeys<K>, const Name extends string = string>(
  spec: GeneratorSpec<K, Config, Name>,
): GeneratorDefinition<Config, Name, z.ZodObject<ShapeOf<K>, z.core.$strict>> {
  const { name, about, sharding } = spec
  const capabilities = { ...leastCapabilities, ...spec.capabilities }
  const schema = strictKeys(spec.keys, `generator ${name}`)

  const bind = (config: Config, decisive: ConfiguredGenerator['decisive']): ConfiguredGenerator => {
    const shortfalls = (asked: AskedLoad) => [
      ...shortfallsOf(name, capabilities, asked),
      ...(spec.shortfalls?.(asked, config) ?? []),
    ]
    return {
      name,
      config,
      capabilities,
      decisive,
      shortfalls,
      shards: sharding?.of(config) ?? null,
      split: count => (sharding === undefined ? null : bind(sharding.with(config, count), decisive)),
      doctor: async () => (await spec.doctor?.(config)) ?? [],
      example: async (point, endpoint) => (await spec.example?.(point, endpoint, config)) ?? null,
      create: places => {
        const ledger = sharedLedger(places.runFolder)
        let made: Promise<LoadGenerator> | null = null
        const generator = () => {
          made ??= Promise.resolve(spec.create(config, { ...places, ledger: ledger.open }))
          return made
        }
        return {
          prepare: async () => (await generator()).prepare?.(),
          measure: async (point, endpoint, context) => {
            requireNone(shortfalls(point), point.workload.name)
            return (await generator()).measure(point, endpoint, context)
          },
          close: async () => {
            const closing = made
            made = null
            await (await closing)?.close()
            await ledger.close()
          },
        }
      },
    }
  }

  return branded('generator', {
    name,
    about,
    schema,
    capabilities,
    canSplit: sharding !== undefined,
    configure: (keys: { readonly [key: string]: Json }, context: SectionContext) => {
      const read = readValue(schema, schema.parse(keys), context, ['generator']) as ReadKeys<K>
      const config = spec.read === undefined ? (read as unknown as Config) : spec.read(read, context)
      return bind(config, decisivePart(schema, keys) as ConfiguredGenerator['decisive'])
    },
    of: (config: Config) => bind(config, {}),
  })
}

/** A run's ledger of processes, opened when the first process is started. */
function sharedLedger(runFolder: string): { open(): Promise<ProcessLedger>; close(): Promise<void> } {
  let opened: Promise<ProcessLedger> | null = null
  return {
    open: () => {
      opened ??= import('../process/ledger.ts').then(({ openLedger }) => openLedger({ runFolder }))
      return opened
    },
    close: async () => {
      const closing = opened
      opened = null
      ;(await closing)?.close()
    },
  }
}
