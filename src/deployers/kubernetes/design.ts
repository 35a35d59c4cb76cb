import { canonicalJson, type Deployment, type Role, roles, rolesOf, workersOf } from '../../model/index.ts'
import { type Component, replicasField } from './component.ts'
import { engineChange } from './engine.ts'
import { type Field, type JsonObject, readAt, withFields } from './fields.ts'
import type { Manifest, ManifestProblem } from './manifest.ts'
import type { Cast } from './roles.ts'

/** A worker pool of the graph as a deployment wants it. */
export interface Pool {
  readonly role: Role
  readonly component: Component
  readonly replicas: number
  /** What its pods are made from: another signature replaces every worker. */
  readonly signature: string
}

/** Everything that a deployment changes about the manifest. */
export interface Design {
  readonly pools: readonly Pool[]
  /** Fields beside the numbers of workers. */
  readonly fields: readonly Field[]
  readonly configMaps: readonly JsonObject[]
}

/** What a deployment asks of a manifest; a role that it does not have is scaled to nothing. */
export function designOf(manifest: Manifest, cast: Cast, wanted: Deployment): Design {
  const pools: Pool[] = []
  const fields: Field[] = []
  const configMaps: JsonObject[] = []
  for (const role of roles) {
    const component = cast[role]
    if (component === undefined) continue
    const replicas = workersOf(wanted.topology, role)
    // Pods of a pool that is empty are not worth a change; the engine of a pool that stays empty neither.
    const engine = replicas > 0 ? engineChange(manifest, component, wanted.engine[role] ?? {}) : null
    const own = [...(engine?.fields ?? []), ...(replicas > 0 ? gpuFields(component, wanted.gpusPerWorker[role]) : [])]
    fields.push(...own)
    configMaps.push(...(engine?.configMaps ?? []))
    pools.push({ role, component, replicas, signature: canonicalJson(own) })
  }
  return { pools, fields, configMaps }
}

/** What keeps a manifest from serving a deployment. */
export function designProblems(manifest: Manifest, cast: Cast, wanted: Deployment): readonly ManifestProblem[] {
  return rolesOf(wanted.topology).flatMap((role): readonly ManifestProblem[] => {
    const component = cast[role]
    if (component === undefined) return [missing(manifest, role)]
    return [
      ...engineChange(manifest, component, wanted.engine[role] ?? {}).problems,
      ...gpuProblems(manifest, component, wanted.gpusPerWorker[role]),
    ]
  })
}

/** Fields with the numbers of workers, for pools that no scaling adapter holds. */
export function replicaFields(pools: readonly Pool[]): readonly Field[] {
  return pools.map(({ component, replicas }) => replicasField(component, replicas))
}

/** The body of a server-side apply that sets these fields of the graph. */
export function applyBody({ graph }: Manifest, fields: readonly Field[]): JsonObject {
  const { apiVersion, kind, name } = graph
  const present = fields.filter(({ value }) => value !== undefined)
  return withFields({ apiVersion, kind, metadata: { name } }, present)
}

/** GPUs of one worker of a role as the manifest gives them; null when it does not say. */
export function gpusOfWorker({ gpusPerPod, nodes }: Component): number | null {
  return gpusPerPod === null ? null : gpusPerPod * nodes
}

/** A manifest that asks for no GPUs (a mocker's) is left so. */
function gpuFields(component: Component, gpusPerWorker: number): readonly Field[] {
  const { gpusPerPod, nodes, gpuPaths } = component
  if (gpusPerPod === null || gpusPerPod * nodes === gpusPerWorker) return []
  return gpuPaths.map(path => ({ path, value: String(gpusPerWorker / nodes) }))
}

function gpuProblems(manifest: Manifest, component: Component, gpus: number): readonly ManifestProblem[] {
  if (component.gpusPerPod === null || gpus % component.nodes === 0) return []
  const at = manifest.graph.placeOf([...component.path, 'multinode'])
  const problem = `${component.name} has ${component.nodes} pods a worker, which can't share ${gpus} GPUs evenly`
  return [{ at, problem, right: 'change nodeCount, or gpus_per_worker in the sweep file' }]
}

function missing({ graph }: Manifest, role: Role): ManifestProblem {
  const spec = readAt(graph.resource, ['spec', 'services']) === undefined ? 'components' : 'services'
  const kind = role === 'aggregated' ? 'worker that both prefills and decodes' : `${role} worker`
  return {
    at: graph.placeOf(['spec', spec]),
    problem: `the DynamoGraphDeployment ${graph.name} has no ${kind}`,
    right: `add one (replicas: 0 will do), name it with services: { ${role}: NAME }, or leave such topologies out`,
  }
}
