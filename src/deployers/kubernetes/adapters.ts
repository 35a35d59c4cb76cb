import { FulcrumError, isJsonObject, type JsonObject } from '../../model/index.ts'
import type { Cluster } from './cluster.ts'
import { type FieldPath, readAt } from './fields.ts'
import type { ManifestDocument } from './manifest.ts'
import { adaptersPaths } from './paths.ts'

/** A component that is scaled through a DynamoGraphDeploymentScalingAdapter, never in the graph itself. */
export interface Adapter {
  readonly component: string
  readonly path: string
  readonly replicas: number
}

/** The scaling adapters of a graph; empty if Dynamo's version has none. */
export async function adaptersOf(
  cluster: Cluster,
  graph: ManifestDocument,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly Adapter[]> {
  for (const collection of adaptersPaths(graph, namespace)) {
    const list = await cluster.get(collection, signal)
    if (list !== null) return adaptersIn(list, collection, graph.name)
  }
  return []
}

function adaptersIn(list: JsonObject, collection: string, graph: string): readonly Adapter[] {
  const items = Array.isArray(list.items) ? list.items : []
  return items.filter(isJsonObject).flatMap(item => {
    if (readAt(item, ['spec', 'dgdRef', 'name']) !== graph) return []
    // v1beta1 calls a service a component.
    const component =
      readAt(item, ['spec', 'dgdRef', 'serviceName']) ?? readAt(item, ['spec', 'dgdRef', 'componentName'])
    const [name, replicas] = [readAt(item, ['metadata', 'name']), readAt(item, ['spec', 'replicas'])]
    if (typeof component !== 'string' || typeof name !== 'string') return []
    return [{ component, path: `${collection}/${name}`, replicas: typeof replicas === 'number' ? replicas : 0 }]
  })
}

/** Whether a field of a graph is the number of workers of a component, in either API version. */
export function isReplicasOf(path: FieldPath, component: string): boolean {
  const step = path.at(-2)
  return path.at(-1) === 'replicas' && (typeof step === 'string' ? step : step?.name) === component
}

/**
 * Scales a component through its adapter.
 * @throws FulcrumError bad-input if the adapter's bounds forbid the number
 */
export async function scaleThrough(
  cluster: Cluster,
  adapter: Adapter,
  replicas: number,
  signal: AbortSignal,
): Promise<void> {
  if (adapter.replicas === replicas) return
  try {
    await cluster.scale(adapter.path, replicas, signal)
  } catch (error) {
    if (!(error instanceof FulcrumError) || error.code !== 'manifest-refused') throw error
    throw new FulcrumError('bad-input', 'adapter-refused', `${adapter.component}: ${error.message}`, {
      where: adapter.path,
      cause: error,
    })
  }
}
