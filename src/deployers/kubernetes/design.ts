import {
  canonicalJson,
  type Deployment,
  type EngineSettings,
  engineSettingsOnly,
  type Json,
  type JsonObject,
  nodesOfSettings,
  type Role,
  roles,
  rolesOf,
  workersOf,
} from '../../model/index.ts'
import { type Component, nodeFields, replicasField } from './component.ts'
import type { ComponentKeys } from './config.ts'
import { configured, mergedFields } from './configured.ts'
import { engineChange, rankProblems } from './engine.ts'
import { type Field, readAt, samePath, withFields } from './fields.ts'
import type { Manifest, ManifestProblem } from './manifest.ts'
import type { Cast } from './roles.ts'
import { ruleProblems } from './rules.ts'

/** Wanted state of a worker pool. */
export interface Pool {
  readonly role: Role
  readonly component: Component
  readonly replicas: number
  /** Pods of each worker. */
  readonly nodes: number
  /** A different signature replaces every worker. */
  readonly signature: string
}

/** Wanted state of the frontend. */
export interface Front {
  readonly component: Component
  /** A different signature replaces its pods. */
  readonly signature: string
}

/** All changes to the manifest for a deployment. */
export interface Design {
  readonly frontend: Front | null
  readonly pools: readonly Pool[]
  /** Fields other than the worker counts. */
  readonly fields: readonly Field[]
  readonly configMaps: readonly JsonObject[]
}

/**
 * The changes to a manifest for a deployment. Roles that the deployment lacks are scaled to 0.
 * @param config overrides of the deployment's variant
 */
export function designOf(manifest: Manifest, cast: Cast, wanted: Deployment, config: ComponentKeys = {}): Design {
  const pools: Pool[] = []
  const fields: Field[] = []
  const configMaps: JsonObject[] = []
  const front = cast.frontend === undefined ? null : configured(manifest, 'frontend', cast.frontend, config)
  fields.push(...(front?.fields ?? []))
  for (const role of roles) {
    const component = cast[role]
    if (component === undefined) continue
    const replicas = workersOf(wanted.topology, role)
    if (replicas === 0) {
      // An empty pool keeps its pod template.
      pools.push({ role, component, replicas, nodes: component.nodes, signature: canonicalJson([]) })
      continue
    }
    const given = configured(manifest, role, component, config)
    const settings = wanted.engine[role] ?? {}
    const nodes = nodesOfWorker(component, settings)
    const engine = engineChange(manifest, given.component, engineSettingsOnly(settings))
    const gpus = gpuFields(component, nodes, wanted.gpusPerWorker[role])
    const own = mergedFields(given.fields, [...engine.fields, ...gpus, ...nodeFields(component, nodes)])
    fields.push(...own)
    configMaps.push(...engine.configMaps)
    pools.push({ role, component: given.component, replicas, nodes, signature: signatureOf(own) })
  }
  const frontend = front === null ? null : { component: front.component, signature: signatureOf(front.fields) }
  return { frontend, pools, fields, configMaps }
}

/** Why a manifest can't serve a deployment. */
export function designProblems(
  manifest: Manifest,
  cast: Cast,
  wanted: Deployment,
  config: ComponentKeys = {},
): readonly ManifestProblem[] {
  const front = cast.frontend === undefined ? [] : configured(manifest, 'frontend', cast.frontend, config).problems
  const pools = rolesOf(wanted.topology).flatMap((role): readonly ManifestProblem[] => {
    const component = cast[role]
    if (component === undefined) return [missing(manifest, role)]
    const given = configured(manifest, role, component, config)
    const settings = wanted.engine[role] ?? {}
    const nodes = nodesOfWorker(component, settings)
    return [
      ...given.problems,
      ...engineChange(manifest, given.component, engineSettingsOnly(settings)).problems,
      ...gpuProblems(manifest, component, nodes, wanted.gpusPerWorker[role]),
      ...(nodes > 1 ? rankProblems(manifest, given.component, settings) : []),
      ...ruleProblems(manifest, { component, nodes, replicas: workersOf(wanted.topology, role) }),
    ]
  })
  return [...front, ...pools]
}

/**
 * Fields that an earlier step set and this one does not, with the manifest's values; `undefined` if the manifest lacks
 * them.
 */
export function fieldsBack({ graph }: Manifest, earlier: Design | null, { fields }: Design): readonly Field[] {
  return (earlier?.fields ?? [])
    .filter(({ path }) => !fields.some(field => samePath(field.path, path)))
    .map(({ path }) => ({ path, value: readAt(graph.resource, path) }))
}

/** Worker counts of the pools that have no scaling adapter. */
export function replicaFields(pools: readonly Pool[]): readonly Field[] {
  return pools.map(({ component, replicas }) => replicasField(component, replicas))
}

/** The body of a server-side apply that sets these fields of the graph. */
export function applyBody({ graph }: Manifest, fields: readonly Field[]): JsonObject {
  const { apiVersion, kind, name } = graph
  const present = fields.filter(({ value }) => value !== undefined)
  return withFields({ apiVersion, kind, metadata: { name } }, present)
}

/** GPUs of one worker of a role with the GPUs per pod of the manifest; null if not set. */
export function gpusOfWorker(component: Component, settings: EngineSettings): number | null {
  return component.gpusPerPod === null ? null : component.gpusPerPod * nodesOfWorker(component, settings)
}

/** The numbers of nodes in the sweep file, which Dynamo does not allow to change; null if there are none. */
export function nodesAsked({ engine }: Pick<Deployment, 'engine'>): Json {
  const asked = roles.flatMap(role => {
    const nodes = nodesOfSettings(engine[role] ?? {})
    return nodes === null ? [] : [[role, nodes]]
  })
  return asked.length === 0 ? null : asked
}

/** Pods of one worker, from the sweep file or else from the manifest. */
function nodesOfWorker({ nodes }: Component, settings: EngineSettings): number {
  return nodesOfSettings(settings) ?? nodes
}

/** Distinguishes a removed field from an absent one. */
function signatureOf(fields: readonly Field[]): string {
  return canonicalJson(fields.map(({ path, value }) => [path, value ?? null]))
}

/** A manifest without GPUs (a mocker's) gets none. */
function gpuFields({ gpusPerPod, gpuPaths }: Component, nodes: number, gpusPerWorker: number): readonly Field[] {
  if (gpusPerPod === null || gpusPerPod * nodes === gpusPerWorker) return []
  return gpuPaths.map(path => ({ path, value: String(gpusPerWorker / nodes) }))
}

function gpuProblems(
  manifest: Manifest,
  component: Component,
  nodes: number,
  gpus: number,
): readonly ManifestProblem[] {
  if (component.gpusPerPod === null || gpus % nodes === 0) return []
  const at = manifest.graph.placeOf(component.multinodePath)
  const problem = `${component.name} has ${nodes} pods per worker, which cannot share ${gpus} GPUs evenly`
  return [{ at, problem, right: 'change nodeCount, or gpus_per_worker in the sweep file' }]
}

function missing({ graph }: Manifest, role: Role): ManifestProblem {
  const spec = readAt(graph.resource, ['spec', 'services']) === undefined ? 'components' : 'services'
  const kind = role === 'aggregated' ? 'worker that both prefills and decodes' : `${role} worker`
  return {
    at: graph.placeOf(['spec', spec]),
    problem: `the DynamoGraphDeployment ${graph.name} has no ${kind}`,
    right: `add one (replicas: 0 is enough), name it with services: { ${role}: NAME }, or remove such topologies`,
  }
}
