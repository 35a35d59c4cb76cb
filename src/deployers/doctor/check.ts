import type { ConfiguredGenerator } from '../../generators/define-generator.ts'
import type { Asking } from '../../generators/probe.ts'
import type { Role, Topology } from '../../model/index.ts'

export { type Check, missed, noticed, passed, thisMachine } from '../../model/doctor-check.ts'

/**
 * What is asked of a machine's GPUs: the ones that are handed out by index, so many of them whichever they are, or
 * nothing: then it is said what there is, and nothing is missed.
 */
export type AskedGpus = readonly number[] | { readonly atLeast: number } | null

/** What a sweep asks of the machine, beside what its deployer needs. */
export interface SweepNeeds {
  /** Name that requests carry; checks of the model are left out when absent. */
  readonly model?: string
  readonly generator: ConfiguredGenerator
  /** How the sweep's load asks; streamed chat when absent. */
  readonly ask?: Asking
  /** The highest concurrency of the sweep. */
  readonly concurrency: number
  /** The longest sequence (ISL + OSL) of the sweep, tokens. */
  readonly longestTokens?: number
  /** GPUs of the largest deployment, and of the largest worker. */
  readonly gpus?: { readonly deployment: number; readonly worker: number }
  /** What the sweep says of the engines, where it has one deployment. */
  readonly engines?: SaidOfEngines
  /** Every topology of the sweep; of an endpoint that somebody else runs the one that it has. */
  readonly topologies?: readonly Topology[]
}

/** Batch (sequences at once) and tokens a step, by role; null where the sweep doesn't say. */
export type SaidOfEngines = {
  readonly [role in Role]?: { readonly batch: number | null; readonly tokens: number | null }
}

/** What to look at beside what the sweep file names. */
export interface Addresses {
  /** etcd of a Dynamo that runs: its registered workers are looked at. */
  readonly etcd?: string
  /** Pages of DCGM exporters. */
  readonly dcgm?: readonly string[]
}
