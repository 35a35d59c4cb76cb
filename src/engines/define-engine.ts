import type { EngineSettings, Json, Role } from '../model/index.ts'
import type { Arguments } from './arguments.ts'
import type { KnownFailure } from './known-failure.ts'
import { type Findings, productOf, type RoleSettings } from './role-settings.ts'
import type { Meaning, Spellings } from './setting.ts'

/** How an engine takes its settings. */
export type EngineForm =
  /** Arguments of the worker. A flag that is off is omitted, or spelled `--no-…`. */
  | { readonly kind: 'arguments'; readonly off: 'absent' | 'no-flag'; readonly known: ReadonlySet<string> | null }
  /** One YAML file, which an argument of the worker names. */
  | FileForm

/** Settings in a YAML file. */
export interface FileForm {
  readonly kind: 'file'
  readonly known: ReadonlySet<string>
  /** Worker argument that names the file. */
  readonly argument: string
  /** Worker argument with settings as JSON, which override the file. */
  readonly overrides: string
  /** Prefix of the worker arguments that each override one setting of the file. */
  readonly flags: string
  /** Nests settings as the file does. */
  nest(settings: EngineSettings): EngineSettings
  /** Keys of a file that the engine would reject. */
  unknownFields(settings: { readonly [key: string]: Json }): readonly UnknownField[]
}

/** A key that an engine rejects, and the likely correction. */
export interface UnknownField {
  readonly keys: readonly string[]
  readonly wrong: string
  /** What to write; empty if no known key is similar. */
  readonly right: string
}

/** Facts about workers, besides their settings, that rules depend on. */
export interface Workers {
  /** Set for the TensorRT-LLM of Dynamo 0.3, which differs from the current one. */
  readonly release?: 'dynamo-0.3'
  /** Whether all settings are visible, so that the engine's defaults apply to the rest. */
  readonly isComplete: boolean
}

/** Checks the settings of one role's workers. */
export type RoleRule = (settings: RoleSettings, findings: Findings, workers: Workers) => void

/** Checks the settings of the prefill workers against those of the decode workers. */
export type PairRule = (
  pair: { readonly prefill: RoleSettings; readonly decode: RoleSettings },
  findings: Findings,
  workers: Workers,
) => void

/** How to start Dynamo's worker module for an engine. */
export interface WorkerLaunch {
  /** Argument with the model to load. */
  readonly model: string
  /** Argument with the model's name for clients. */
  readonly servedName: string
  /** Whether workers serve a model under its path by default, so that the name is only passed if it differs. */
  readonly isNamedByPath?: true
  /** Arguments of prefill and decode workers, unless the sweep file sets them. */
  readonly disaggregated?: Arguments
  /** Environment variables with the address and port at which a worker offers its KV cache to other workers. */
  readonly sideChannel?: { readonly host: string; readonly port: string }
  /**
   * Arguments that make a worker publish the contents of its prefix cache (any one of them is enough), and what to
   * write. Absent if it always publishes them.
   */
  readonly kvEvents?: { readonly arguments: readonly string[]; readonly remedy: string }
  /** Whether workers start their ranks through MPI, which the variables of a Slurm job disturb. */
  readonly startsByMpi?: true
  /** Whether Dynamo hands the engine its logging configuration in a temporary file, which it never removes. */
  readonly loggingFile?: true
  /** How one worker runs on several nodes; absent if it cannot. */
  readonly multinode?: MultinodeLaunch
}

/** One node's part of a worker on several nodes. */
export interface WorkerRank {
  readonly rank: number
  readonly nodes: number
  readonly gpusPerNode: number
  /** Address of this node. */
  readonly address: string
  /** Where rank 0 waits for the other ranks. */
  readonly head: { readonly address: string; readonly port: number | string }
  /** Folder for the rank's own files. It is removed, with all that is in it, when the rank ends. */
  readonly folder: string
}

/** How the ranks of one worker run. */
export interface RankPlan {
  /** Number of ranks that register with Dynamo. */
  readonly registers: number
  /** Arguments of a rank in addition to the worker's. */
  argumentsOf?(rank: WorkerRank): Arguments
  /** Command line of a rank, if it is not just the worker's with its arguments. */
  commandOf?(rank: WorkerRank, worker: CommandLine): CommandLine
}

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]]

/** How an engine's ranks find each other. */
export interface MultinodeLaunch {
  ranks(args: Arguments, shape: Pick<WorkerRank, 'nodes' | 'gpusPerNode'>): RankPlan
  /** Environment variables of a rank. */
  environmentOf?(rank: WorkerRank): { readonly [name: string]: string }
  /** Annotations that make Dynamo's operator on Kubernetes start the ranks as the settings say. */
  annotations?(args: Arguments): { readonly [name: string]: string }
  /** Python packages that the ranks of a worker need beside the engine. */
  packages?(args: Arguments): readonly string[]
  /** Program of the ranks if they are MPI processes, one per GPU. It does not launch MPI itself. */
  readonly mpiProgram?: string
}

/** Metrics of an engine that Fulcrum reads. Each entry matches part of a metric's name; preferred ones come first. */
export interface EngineMetrics {
  /** Requests in the batch. */
  readonly running?: readonly string[]
  /** Requests in the queue. */
  readonly waiting?: readonly string[]
  /** KV cache in use, as a share or in percent. */
  readonly kvCacheUsage?: readonly string[]
  /** The most requests that run at once. */
  readonly slots?: readonly string[]
  /** Counters of prompt tokens, or of blocks: those found in the prefix cache, and those looked up in it. */
  readonly cacheFound?: readonly string[]
  readonly cacheLookedFor?: readonly string[]
  /** Prefix cache hit rate, as a share or in percent. */
  readonly cacheHitRate?: readonly string[]
  /** Counters of speculative decoding: drafts (one per sequence and step), drafted tokens, and accepted tokens. */
  readonly specDrafts?: readonly string[]
  readonly specDraftTokens?: readonly string[]
  readonly specAcceptedTokens?: readonly string[]
  /** The same counters by position in the draft, with a label `position` or `token_position` that starts at 0. */
  readonly specDraftedAt?: readonly string[]
  readonly specAcceptedAt?: readonly string[]
  /** Gauges: tokens per step, including the one that the model adds itself, and accepted over drafted tokens. */
  readonly specAcceptedLength?: readonly string[]
  readonly specAcceptanceRate?: readonly string[]
  /** How to make workers publish these metrics, if they do not by default. */
  readonly shownBy?: string
}

/** Versions of an engine that Fulcrum was tested with. */
export interface TestedEngine {
  /** Its Python package. */
  readonly package: string
  /** Oldest and newest version whose settings were compared with Fulcrum's; null if no version was available. */
  readonly settings: { readonly from: string; readonly to: string } | null
  /** The versions whose workers Fulcrum has measured on GPUs. */
  readonly ran: readonly string[]
}

/** An engine as its folder defines it. */
export interface EngineSpec {
  /** Short name: `trtllm`. */
  readonly name: string
  /** Name in texts: `TensorRT-LLM`. */
  readonly title: string
  /** Source and version of its settings, for the reference of engine settings. */
  readonly about: string
  /** Tested versions, from the folder's `tested.ts`. Null for an engine that is part of Dynamo. Default: null. */
  readonly tested?: TestedEngine | null
  /**
   * Whether decode workers report in `usage.prompt_tokens_details.cached_tokens` what the prefill worker had cached.
   * Otherwise, answers of a disaggregated deployment report the decode worker's cache, which saves no prefill. Default:
   * false.
   */
  readonly usageTellsPrefillCache?: boolean
  /** Python module of its Dynamo worker. */
  readonly module: `dynamo.${string}`
  readonly settings: EngineForm
  /** The engine's names for settings that Fulcrum also accepts under another engine's name. */
  readonly aliases?: { readonly [setting: string]: string }
  readonly spellings: Spellings
  /** The engine's values for unset settings, where a check needs them. */
  readonly defaults?: { readonly [meaning in Meaning]?: Json }
  /** Allowed values of settings that take one of a few words. */
  readonly values?: { readonly [meaning in Meaning]?: readonly string[] }
  /**
   * GPUs of one worker, from its parallel sizes; null if none is set. Default: tensor × pipeline × context parallel
   * size.
   */
  gpusPerWorker?(settings: RoleSettings): number | null
  /** Number of batches of `maxBatchSize` that one worker runs at once. Default: 1. */
  batchesPerWorker?(settings: RoleSettings): number
  /** Tokens of context that a sequence needs. Default: ISL + OSL. */
  sequenceTokens?(isl: number, osl: number): number
  /** Longest prompt that the engine accepts, in tokens; null without a limit. Default: null. */
  longestPrompt?(settings: RoleSettings, workers: Workers): number | null
  /** Rules that apply only to this engine. */
  readonly rules?: { readonly role?: readonly RoleRule[]; readonly pair?: readonly PairRule[] }
  readonly launch?: WorkerLaunch
  /** Settings that workers of a role need, for `fulcrum init` to write. Default: none. */
  readonly initial?: { readonly [role in 'all' | Role]?: EngineSettings }
  /** Known failures in its workers' logs. */
  readonly logAdvice?: readonly KnownFailure[]
  readonly metrics?: EngineMetrics
  /** False if it only simulates computing. Default: true. */
  readonly usesGpus?: boolean
  /** Seconds from the start of a worker to its first response, for estimates without an earlier run. Default: 180. */
  readonly startupS?: number
}

/** An engine with every default filled in, as the rest of Fulcrum uses it. */
export type Engine = Required<EngineSpec>

/** Loading a large model takes minutes. */
const usualStartupS = 180

/** Fills in the defaults of an engine. The list in `engines/index.ts` makes it known to Fulcrum. */
export function defineEngine(spec: EngineSpec): Engine {
  return {
    aliases: {},
    tested: null,
    defaults: {},
    values: {},
    gpusPerWorker: settings => productOf(settings, ['tensorParallel', 'pipelineParallel', 'contextParallel']),
    batchesPerWorker: () => 1,
    sequenceTokens: (isl, osl) => isl + osl,
    longestPrompt: () => null,
    rules: {},
    launch: usualLaunch,
    initial: {},
    logAdvice: [],
    usageTellsPrefillCache: false,
    metrics: {},
    usesGpus: true,
    startupS: usualStartupS,
    ...spec,
  }
}

const usualLaunch: WorkerLaunch = { model: 'model-path', servedName: 'served-model-name' }
