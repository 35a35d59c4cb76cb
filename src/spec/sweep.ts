import type { ConfiguredDeployer } from '../deployers/define-deployer.ts'
import type { ConfiguredGenerator } from '../generators/define-generator.ts'
import type {
  Deployment,
  Json,
  Load,
  Model,
  Point,
  Price,
  SitePower,
  Slo,
  Telemetry,
  ValidityLimits,
  Workload,
} from '../model/index.ts'
import type { QualityWanted } from '../quality/wanted.ts'
import type { DatasetFacts } from './checks/datasets.ts'
import type { TraceFacts } from './checks/traces.ts'

/** A variant of a sweep, with its deployer configuration and model. */
export interface SweepVariant {
  readonly name: string
  readonly deploy: ConfiguredDeployer
  readonly model: Model
  /** Equal for variants between which a running system can be reconciled. */
  readonly system: string
}

/**
 * A sweep file, parsed and checked: all values are valid, and all defaults are filled in.
 *
 * @example
 * ```ts
 * import { planSweep, type Sweep } from 'fulcrum'
 *
 * const sweep: Sweep = (await planSweep('sweeps/quick.yaml')).sweep
 * console.log(sweep.workloads.map(({ name }) => name), sweep.warnings)
 * ```
 */
export interface Sweep {
  readonly name: string
  /** Absolute path of the file. */
  readonly file: string
  /** The file's text, kept in the manifest so that a run can be repeated. */
  readonly text: string
  /** Probable mistakes, as `file:line:column: problem; remedy`. */
  readonly warnings: readonly string[]
  /** As in the sweep file without its variants. */
  readonly model: Model
  readonly deploy: ConfiguredDeployer
  /** The variants in file order; absent in a sweep without. */
  readonly variants?: readonly SweepVariant[]
  /** Every deployment that the sweep visits, in file order: the combinations of its axes within its constraints. */
  readonly deployments: readonly Deployment[]
  readonly workloads: readonly Workload[]
  /** One for each load level, with multiples of the concurrency resolved. */
  readonly loads: readonly Load[]
  /** Whether each point has its own prompts (`fresh`) or all points use the unchanged seed (`same`). */
  readonly prompts: 'fresh' | 'same'
  /**
   * SHA-256 of every file whose content affects results (datasets, traces, tokenizers, engine files, …), by absolute
   * path.
   */
  readonly fingerprints: { readonly [path: string]: string }
  /** Contents of the datasets, by workload; absent if they were not read. */
  readonly datasets?: readonly DatasetFacts[]
  /** Contents of the traces, with one entry for each replayed part; absent if none was read. */
  readonly traces?: readonly TraceFacts[]
  /** The load generator, with its configuration. */
  readonly generator: ConfiguredGenerator
  /** The part of its configuration that affects results and is included in the points' ids. */
  readonly generatorIdentity: { readonly [key: string]: Json }
  readonly slo: Slo
  readonly limits: ValidityLimits
  /** Metrics to observe during the load. Not part of ids. */
  readonly telemetry: Telemetry
  /**
   * Questions for each deployment, sent in addition to its load, and how to grade the answers; absent without any. Not
   * part of ids.
   */
  readonly quality?: QualityWanted
  /** Price of GPUs, and power of the site in addition to them; absent if not given. Not part of ids. */
  readonly price?: Price
  readonly power?: SitePower
  readonly repeats: number
  /**
   * Share of each workload, by name, in the traffic that one deployment serves; they add up to 1. Null without a mix.
   */
  readonly mix: { readonly [workload: string]: number } | null
  readonly search: 'grid' | 'adaptive'
  readonly budget: { readonly hours?: number; readonly points?: number }
}

/** A deployment and the points to measure while it runs. */
export interface PlannedDeployment {
  readonly deployment: Deployment
  readonly points: readonly Point[]
}

/** The cost of reconciling a whole plan. */
export interface ReconcileCost {
  readonly workersStarted: number
  readonly workersStopped: number
  /** Frontends that are replaced to change to another variant; absent without variants. */
  readonly frontendsRestarted?: number
}

/**
 * Points to measure, their order, and its cost.
 *
 * @example
 * ```ts
 * import { type Plan, planSweep } from 'fulcrum'
 *
 * const plan: Plan = await planSweep('sweeps/quick.yaml')
 * console.log(plan.cost.workersStarted, plan.exact ? 'is the fewest that any order starts' : 'is the fewest found')
 * ```
 */
export interface Plan {
  readonly sweep: Sweep
  readonly deployments: readonly PlannedDeployment[]
  readonly cost: ReconcileCost
  /** Cost of visiting the same deployments in the order of nested loops. */
  readonly nestedLoopCost: ReconcileCost
  /** No order can start fewer workers than this. */
  readonly lowerBound: number
  /** Whether the order is proven optimal. */
  readonly exact: boolean
  readonly pointCount: number
  /**
   * Promise of each deployment according to priors, by id, 0–1; absent without priors. An adaptive search tries the
   * highest first.
   */
  readonly promise?: { readonly [deploymentId: string]: number }
  /**
   * Expected seconds and their basis; null without a basis. With `requests: auto`, `seconds` is for the longest
   * possible run and `secondsAtLeast` for the shortest.
   */
  readonly estimate: { readonly seconds: number; readonly secondsAtLeast?: number; readonly basis: string } | null
}
