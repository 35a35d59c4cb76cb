import type { ConfiguredGenerator } from '../../generators/define-generator.ts'
import type { Asking } from '../../generators/probe.ts'
import type { EngineSettings, Role, Topology } from '../../model/index.ts'

export { type Check, missed, noticed, passed, thisMachine } from '../../model/doctor-check.ts'

/**
 * A sweep's requirements for a machine's GPUs: GPUs by index, a number of GPUs, or nothing. With nothing, the check
 * only reports the GPUs that it finds.
 */
export type AskedGpus = readonly number[] | { readonly atLeast: number } | null

/** A sweep's requirements for the machine, in addition to its deployer's. */
export interface SweepNeeds {
  /** Model name in requests; without it, checks of the model are skipped. */
  readonly model?: string
  readonly generator: ConfiguredGenerator
  /** How the load sends requests; default: streamed chat. */
  readonly ask?: Asking
  /** The highest concurrency of the sweep. */
  readonly concurrency: number
  /** The longest sequence (ISL + OSL) of the sweep, tokens. */
  readonly longestTokens?: number
  /** GPUs of the largest deployment, and of the largest worker. */
  readonly gpus?: { readonly deployment: number; readonly worker: number }
  /** Nodes of the worker that is spread over the most nodes; default: 1. */
  readonly nodesPerWorker?: number
  /** Engine settings of the workers that are spread over several nodes. */
  readonly spread?: readonly SpreadWorker[]
  /** The engines' settings in the sweep, if it has one deployment. */
  readonly engines?: SaidOfEngines
  /** Every topology of the sweep; for a running endpoint, its only one. */
  readonly topologies?: readonly Topology[]
}

/** A worker on several nodes. */
export interface SpreadWorker {
  readonly role: Role
  readonly settings: EngineSettings
}

/** Batch (concurrent sequences) and tokens per step, by role; null if the sweep doesn't set them. */
export type SaidOfEngines = {
  readonly [role in Role]?: { readonly batch: number | null; readonly tokens: number | null }
}

/** Running services to check in addition to the sweep file. */
export interface Addresses {
  /** etcd of a running Dynamo, to check its registered workers. */
  readonly etcd?: string
  /** URLs of DCGM exporters. */
  readonly dcgm?: readonly string[]
  /** Measures bandwidths of this machine, which can take minutes. */
  readonly bandwidth?: boolean
}
