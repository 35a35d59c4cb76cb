import type { EngineSettings, Json, Role } from '../model/index.ts'
import type { Arguments } from './arguments.ts'
import type { KnownFailure } from './known-failure.ts'
import { type Findings, productOf, type RoleSettings } from './role-settings.ts'
import type { Meaning, Spellings } from './setting.ts'

/** How an engine takes its settings. */
export type EngineForm =
  /** Arguments of the worker; a flag that is off is left out, or spelled `--no-…`. */
  | { readonly kind: 'arguments'; readonly off: 'absent' | 'no-flag'; readonly known: ReadonlySet<string> | null }
  /** One YAML file, named by an argument of the worker. */
  | FileForm

/** Settings in a YAML file. */
export interface FileForm {
  readonly kind: 'file'
  readonly known: ReadonlySet<string>
  /** The worker's argument that names the file. */
  readonly argument: string
  /** The worker's argument that contains settings as JSON; it overrides the file. */
  readonly overrides: string
  /** The prefix of worker arguments that override one setting of the file each. */
  readonly flags: string
  /** Settings as the file nests them. */
  nest(settings: EngineSettings): EngineSettings
  /** Keys of a file that the engine would reject. */
  unknownFields(settings: { readonly [key: string]: Json }): readonly UnknownField[]
}

/** A key that an engine rejects, and what was probably meant. */
export interface UnknownField {
  readonly keys: readonly string[]
  readonly wrong: string
  /** What to write; empty when nothing is near. */
  readonly right: string
}

/** What a rule may know of the workers besides their settings. */
export interface Workers {
  /** The TensorRT-LLM of Dynamo 0.3 differs from the current one. */
  readonly release?: 'dynamo-0.3'
  /** The visible settings are all there are: the engine's defaults apply to the rest. */
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

/** How Dynamo's worker module for an engine is started. */
export interface WorkerLaunch {
  /** The argument that names the model to load. */
  readonly model: string
  /** The argument that names the model to clients. */
  readonly servedName: string
  /** The worker serves a model under its path by itself: the name is passed only when it differs. */
  readonly isNamedByPath?: true
  /** Arguments of prefill and decode workers, unless the sweep file gives them. */
  readonly disaggregated?: Arguments
  /** Environment variables for the address and port where the worker offers its KV cache to others. */
  readonly sideChannel?: { readonly host: string; readonly port: string }
  /**
   * Arguments that make the worker publish what its prefix cache holds, each of them enough, and what to write. Without
   * it, it always does.
   */
  readonly kvEvents?: { readonly arguments: readonly string[]; readonly remedy: string }
  /** The worker starts its ranks by MPI, which the variables of a Slurm job disturb. */
  readonly startsByMpi?: true
  /** How one worker runs on several nodes. Without it, it does not. */
  readonly multinode?: MultinodeLaunch
}

/** One node's part of a worker that runs on several. */
export interface WorkerRank {
  readonly rank: number
  readonly nodes: number
  readonly gpusPerNode: number
  /** Address of this node. */
  readonly address: string
  /** Where rank 0 waits for the others. */
  readonly head: { readonly address: string; readonly port: number | string }
}

/** How an engine's ranks find each other. */
export interface MultinodeLaunch {
  /** What each rank is told beside the worker's arguments, and how many ranks register with Dynamo. */
  ranks(
    args: Arguments,
    shape: Pick<WorkerRank, 'nodes' | 'gpusPerNode'>,
  ): { readonly registers: number; argumentsOf(rank: WorkerRank): Arguments }
  /** Environment variables of a rank. */
  environmentOf?(rank: WorkerRank): { readonly [name: string]: string }
  /** Ranks are MPI processes, one for each GPU, started by this program. Somebody else has to launch MPI. */
  readonly mpiProgram?: string
}

/** What Fulcrum reads from an engine's metrics. Each entry is a part of metric names, the preferred one first. */
export interface EngineMetrics {
  /** Requests in the batch. */
  readonly running?: readonly string[]
  /** Requests in the queue. */
  readonly waiting?: readonly string[]
  /** KV cache in use, as a share or in percent. */
  readonly kvCacheUsage?: readonly string[]
  /** Counters of prompt tokens, or of blocks, that were found in the prefix cache, and looked for in it. */
  readonly cacheFound?: readonly string[]
  readonly cacheLookedFor?: readonly string[]
  /** Prefix cache hit rate, as a share or in percent. */
  readonly cacheHitRate?: readonly string[]
  /** Counters of speculative decoding: drafts (one for each sequence and step), drafted tokens, and accepted ones. */
  readonly specDrafts?: readonly string[]
  readonly specDraftTokens?: readonly string[]
  readonly specAcceptedTokens?: readonly string[]
  /** Counters by position in the draft, with a label `position` or `token_position` that begins at 0. */
  readonly specDraftedAt?: readonly string[]
  readonly specAcceptedAt?: readonly string[]
  /** Gauges: tokens of a step with the one that the model adds itself, and accepted over drafted tokens. */
  readonly specAcceptedLength?: readonly string[]
  readonly specAcceptanceRate?: readonly string[]
  /** What makes its workers show these metrics, where they don't by default. */
  readonly shownBy?: string
}

/** What of an engine Fulcrum was tested with. */
export interface TestedEngine {
  /** Its Python package. */
  readonly package: string
  /** The versions that its settings were compared with, from the oldest to the newest; null where none could be had. */
  readonly settings: { readonly from: string; readonly to: string } | null
  /** The versions whose workers Fulcrum has measured on GPUs. */
  readonly ran: readonly string[]
}

/** An engine as its folder defines it. */
export interface EngineSpec {
  /** The short name: `trtllm`. */
  readonly name: string
  /** The name in texts: `TensorRT-LLM`. */
  readonly title: string
  /** Where its settings come from, with the version, as the reference of engine settings says it. */
  readonly about: string
  /** Versions, which the folder's `tested.ts` names. Null for one that is a part of Dynamo. Default: null. */
  readonly tested?: TestedEngine | null
  /**
   * Its decode workers put into `usage.prompt_tokens_details.cached_tokens` what the prefill worker had cached. Without it,
   * an answer of a disaggregated deployment tells what its decode worker had, which saves no prefill. Default: false.
   */
  readonly usageTellsPrefillCache?: boolean
  /** The Python module of its Dynamo worker. */
  readonly module: `dynamo.${string}`
  readonly settings: EngineForm
  /** The engine's own names for settings that Fulcrum also takes under another engine's name. */
  readonly aliases?: { readonly [setting: string]: string }
  readonly spellings: Spellings
  /** Values that the engine uses for settings that nobody sets, where a check needs them. */
  readonly defaults?: { readonly [meaning in Meaning]?: Json }
  /** Settings that take one of a few words. */
  readonly values?: { readonly [meaning in Meaning]?: readonly string[] }
  /**
   * GPUs of one worker, by its parallel sizes; null when none is set. Default: tensor × pipeline × context parallel
   * size.
   */
  gpusPerWorker?(settings: RoleSettings): number | null
  /** Batches of `maxBatchSize` that one worker runs at once. Default: 1. */
  batchesPerWorker?(settings: RoleSettings): number
  /** Tokens of room that a sequence needs. Default: ISL + OSL. */
  sequenceTokens?(isl: number, osl: number): number
  /** The longest prompt that the engine accepts, in tokens; null for no limit. Default: none. */
  longestPrompt?(settings: RoleSettings, workers: Workers): number | null
  /** Rules that apply only to this engine. */
  readonly rules?: { readonly role?: readonly RoleRule[]; readonly pair?: readonly PairRule[] }
  readonly launch?: WorkerLaunch
  /** Settings that `fulcrum init` writes: workers of the role need them. Default: none. */
  readonly initial?: { readonly [role in 'all' | Role]?: EngineSettings }
  /** Known failures in its workers' logs. */
  readonly logAdvice?: readonly KnownFailure[]
  readonly metrics?: EngineMetrics
  /** False when it only pretends to compute. Default: true. */
  readonly usesGpus?: boolean
  /** Seconds from starting a worker to its first response, for estimates without an earlier run. Default: 180. */
  readonly startupS?: number
}

/** An engine as the rest of Fulcrum uses it: every default is filled in. */
export type Engine = Required<EngineSpec>

/** A large model takes minutes to load. */
const usualStartupS = 180

/** Defines an engine: everything Fulcrum knows about it. The registry in `engines/index.ts` lists it. */
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
