import type { ConfiguredDeployer } from '../deployers/define-deployer.ts'
import type { ConfiguredGenerator } from '../generators/define-generator.ts'
import type { Deployment, Json, Load, Model, Point, Slo, ValidityLimits, Workload } from '../model/index.ts'
import type { DatasetFacts } from './checks/datasets.ts'

/**
 * A sweep file, parsed and checked: everything in it is legal and nothing is left to default later.
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
  /** What may be meant so and probably isn't, as `file:line:column: what is wrong; what would be right`. */
  readonly warnings: readonly string[]
  readonly model: Model
  readonly deploy: ConfiguredDeployer
  /** Axes crossed and constrained: every deployment that the sweep visits, in file order. */
  readonly deployments: readonly Deployment[]
  readonly workloads: readonly Workload[]
  /** One for each load level; multiples of the concurrency resolved. */
  readonly loads: readonly Load[]
  /** Whether each point gets prompts of its own (`fresh`) or all use the seed as it is (`same`). */
  readonly prompts: 'fresh' | 'same'
  /** SHA-256 of every file whose content decides an outcome (datasets, traces, tokenizers, engine files, …), by absolute path. */
  readonly fingerprints: { readonly [path: string]: string }
  /** What the datasets hold, by workload; absent where they were not read. */
  readonly datasets?: readonly DatasetFacts[]
  /** What loads the points, with its configuration. */
  readonly generator: ConfiguredGenerator
  /** What of that configuration decides an outcome; part of the points' ids. */
  readonly generatorIdentity: { readonly [key: string]: Json }
  readonly slo: Slo
  readonly limits: ValidityLimits
  readonly repeats: number
  /** Shares of the workloads, by name, in the traffic that one deployment is to serve; they add up to 1. Null without. */
  readonly mix: { readonly [workload: string]: number } | null
  readonly search: 'grid' | 'adaptive'
  readonly budget: { readonly hours?: number; readonly points?: number }
}

/** A deployment and the points to measure while it runs. */
export interface PlannedDeployment {
  readonly deployment: Deployment
  readonly points: readonly Point[]
}

/** What reconciling a whole plan costs, in workers. */
export interface ReconcileCost {
  readonly workersStarted: number
  readonly workersStopped: number
}

/**
 * What will be measured, in which order, and what that costs.
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
  /** The same deployments in the order that nested loops would visit them. */
  readonly nestedLoopCost: ReconcileCost
  /** No order can start fewer workers than this. */
  readonly lowerBound: number
  /** Whether the order is proven optimal. */
  readonly exact: boolean
  readonly pointCount: number
  /** What deployments are believed to promise before anything is measured, by id, 0–1; absent without beliefs. An adaptive search tries them in this order. */
  readonly promise?: { readonly [deploymentId: string]: number }
  /**
   * Expected seconds, and what that rests on; null without any basis. Where points stop by what they have measured (`requests: auto`), those
   * of the longest run, and beside them of the shortest.
   */
  readonly estimate: { readonly seconds: number; readonly secondsAtLeast?: number; readonly basis: string } | null
}
