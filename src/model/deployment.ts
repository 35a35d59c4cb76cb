import type { Role, Topology } from './topology.ts'
import { rolesOf, topologyLabel, workersOf } from './topology.ts'

/** Any JSON value. Engine settings and arguments are kept as the user wrote them. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** An object of JSON. */
export type JsonObject = { readonly [key: string]: Json }

/** Engine settings of one role, in the engine's own spelling (`max_batch_size`, `enable_attention_dp`, …). */
export type EngineSettings = { readonly [setting: string]: Json }

/** The served model and the tokenizer that counts its tokens. */
export interface Model {
  /** Name in requests and in the list of `/v1/models`. */
  readonly name: string
  /** A folder with `tokenizer.json` and `tokenizer_config.json`, `builtin:deepseek-v3`, or `server`. */
  readonly tokenizer: string
  /**
   * Names over which requests are distributed by weight, such as LoRA adapters of the model, including its own name if
   * listed. Absent if all requests use {@link name}.
   */
  readonly mix?: readonly ModelShare[]
}

/** One of the names in requests. */
export interface ModelShare {
  readonly name: string
  /** Relative number of requests with this name. */
  readonly weight: number
}

/**
 * The system to run: topology, engine configuration and model.
 *
 * @example
 * ```ts
 * import type { Deployment } from 'fulcrum'
 *
 * export const modelOf = ({ model }: Deployment): string => model.name
 * ```
 */
export interface Deployment {
  /** Hash of all other properties and of the deployer's own configuration; see {@link contentId}. */
  readonly id: string
  readonly topology: Topology
  readonly model: Model
  /** Settings by role; roles that the topology lacks have no key. */
  readonly engine: { readonly [role in Role]?: EngineSettings }
  readonly gpusPerWorker: { readonly [role in Role]: number }
  /**
   * Name of its variant for display; absent in sweeps without variants. Not part of the id: the changes that the
   * variant makes are, so renaming a variant keeps the ids.
   */
  readonly variant?: string
}

/** A deployment in one line without engine settings: `2P1D`, with its variant `2P1D · kv`. */
export function deploymentLabel({ topology, variant }: Pick<Deployment, 'topology' | 'variant'>): string {
  return variant === undefined ? topologyLabel(topology) : `${topologyLabel(topology)} · ${variant}`
}

/** All GPUs of a deployment, including those of prefill workers. */
export function gpusOf(deployment: Deployment): number {
  return rolesOf(deployment.topology).reduce((sum, role) => sum + gpusOfRole(deployment, role), 0)
}

/** GPUs of the workers of one role. */
export function gpusOfRole(deployment: Deployment, role: Role): number {
  return workersOf(deployment.topology, role) * deployment.gpusPerWorker[role]
}

/**
 * Engine setting that spreads each worker of a role over several nodes. Fulcrum defines it; engines receive arguments
 * instead. Dynamo's Kubernetes resource calls it `multinode.nodeCount`.
 */
export const nodesSetting = 'nodes_per_worker'

/** Nodes per worker of a role; 1 unless its settings say otherwise. */
export function nodesPerWorker({ engine }: Pick<Deployment, 'engine'>, role: Role): number {
  return nodesOfSettings(engine[role] ?? {}) ?? 1
}

/** Nodes per worker in a role's settings; null if not set. */
export function nodesOfSettings(settings: EngineSettings): number | null {
  const said = settings[nodesSetting]
  return typeof said === 'number' && Number.isInteger(said) && said >= 1 ? said : null
}

/** A role's settings as passed to its engine. */
export function engineSettingsOnly(settings: EngineSettings): EngineSettings {
  const { [nodesSetting]: _, ...rest } = settings
  return rest
}
