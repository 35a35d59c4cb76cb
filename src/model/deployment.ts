import type { Role, Topology } from './topology.ts'
import { rolesOf, topologyLabel, workersOf } from './topology.ts'

/** Anything that JSON can say; engine settings and arguments are kept as the user wrote them. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Engine settings of one role, in the engine's own spelling (`max_batch_size`, `enable_attention_dp`, …). */
export type EngineSettings = { readonly [setting: string]: Json }

/** The served model and the tokenizer that counts its tokens. */
export interface Model {
  /** The name that requests carry and `/v1/models` lists. */
  readonly name: string
  /** A folder with `tokenizer.json` and `tokenizer_config.json`, `builtin:deepseek-v3`, or `server`. */
  readonly tokenizer: string
  /**
   * Names among which requests are mixed by weight, such as LoRA adapters of the model, its own name included where it is
   * asked for; absent where all requests carry {@link name}.
   */
  readonly mix?: readonly ModelShare[]
}

/** One of the names that requests carry. */
export interface ModelShare {
  readonly name: string
  /** How many requests carry it, relative to the others. */
  readonly weight: number
}

/**
 * A running system that is wanted: topology, engine configuration and model.
 *
 * @example
 * ```ts
 * import type { Deployment } from 'fulcrum'
 *
 * export const modelOf = ({ model }: Deployment): string => model.name
 * ```
 */
export interface Deployment {
  /** Hash of everything below and of the deployer's own configuration; see {@link contentId}. */
  readonly id: string
  readonly topology: Topology
  readonly model: Model
  /** Settings of the roles that the topology has; absent roles have no key. */
  readonly engine: { readonly [role in Role]?: EngineSettings }
  readonly gpusPerWorker: { readonly [role in Role]: number }
  /**
   * Name of its variant, for people; absent in sweeps without variants. Not part of the id: what the variant changes
   * is, so renaming a variant keeps the ids.
   */
  readonly variant?: string
}

/** A deployment in one line, engine settings apart: `2P1D`, with its variant `2P1D · kv`. */
export function deploymentLabel({ topology, variant }: Pick<Deployment, 'topology' | 'variant'>): string {
  return variant === undefined ? topologyLabel(topology) : `${topologyLabel(topology)} · ${variant}`
}

/** All GPUs that a deployment holds, prefill's included. */
export function gpusOf(deployment: Deployment): number {
  return rolesOf(deployment.topology).reduce((sum, role) => sum + gpusOfRole(deployment, role), 0)
}

/** GPUs that the workers of one role hold. */
export function gpusOfRole(deployment: Deployment, role: Role): number {
  return workersOf(deployment.topology, role) * deployment.gpusPerWorker[role]
}

/**
 * The engine setting that spreads each worker of a role over several nodes. It is Fulcrum's own: engines are told by
 * arguments of theirs. Dynamo's Kubernetes resource calls it `multinode.nodeCount`.
 */
export const nodesSetting = 'nodes_per_worker'

/** Nodes that one worker of a role runs on; 1 unless its settings say otherwise. */
export function nodesPerWorker({ engine }: Pick<Deployment, 'engine'>, role: Role): number {
  return nodesOfSettings(engine[role] ?? {}) ?? 1
}

/** The same of a role's settings; null when they don't say. */
export function nodesOfSettings(settings: EngineSettings): number | null {
  const said = settings[nodesSetting]
  return typeof said === 'number' && Number.isInteger(said) && said >= 1 ? said : null
}

/** A role's settings as its engine gets them. */
export function engineSettingsOnly(settings: EngineSettings): EngineSettings {
  const { [nodesSetting]: _, ...rest } = settings
  return rest
}
