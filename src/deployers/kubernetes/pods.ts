import { counted, isJsonObject, type JsonObject } from '../../model/index.ts'
import type { Cluster } from './cluster.ts'
import { readAt } from './fields.ts'

/** The label that Dynamo's operator gives every pod of a graph. */
const graphLabel = 'nvidia.com/dynamo-graph-deployment-name'
const typeLabel = 'nvidia.com/dynamo-component-type'
const componentLabel = 'nvidia.com/dynamo-component'

/** Identifies the pods of a graph. */
export interface GraphPods {
  readonly graph: string
  readonly namespace: string
}

/** The pods of a graph. */
export async function podsOf(
  cluster: Cluster,
  { graph, namespace }: GraphPods,
  signal: AbortSignal,
): Promise<readonly JsonObject[]> {
  const selector = encodeURIComponent(`${graphLabel}=${graph}`)
  const list = await cluster.get(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`, signal)
  return (Array.isArray(list?.items) ? list.items : []).filter(isJsonObject)
}

/** Pods of some components that have not ended. Terminating pods count, because they may still answer. */
export function lingering(pods: readonly JsonObject[], components: readonly string[]): readonly JsonObject[] {
  return pods.filter(
    pod =>
      components.includes(String(readAt(pod, ['metadata', 'labels', componentLabel]))) &&
      !['Succeeded', 'Failed'].includes(String(readAt(pod, ['status', 'phase']))),
  )
}

/** Name of a ready frontend pod; null if there is none. */
export function readyFrontend(pods: readonly JsonObject[], component: string): string | null {
  const isFrontend = (pod: JsonObject) => {
    const labels = readAt(pod, ['metadata', 'labels'])
    return readAt(labels, [typeLabel]) === 'frontend' || readAt(labels, [componentLabel]) === component
  }
  const ready = pods.find(
    pod => isFrontend(pod) && readAt(pod, ['metadata', 'deletionTimestamp']) === undefined && isReady(pod),
  )
  const name = readAt(ready, ['metadata', 'name'])
  return typeof name === 'string' ? name : null
}

/** Why pods don't run, one line each: not scheduled, image not pulled, or crashed with the reason. */
export function podTroubles(pods: readonly JsonObject[]): readonly string[] {
  return pods
    .filter(pod => !isReady(pod))
    .flatMap(pod => {
      const name = String(readAt(pod, ['metadata', 'name']))
      const unscheduled = conditions(pod).find(({ type, status }) => type === 'PodScheduled' && status === 'False')
      if (unscheduled !== undefined) return [`${name} is not scheduled: ${unscheduled.message ?? unscheduled.reason}`]
      const statuses = ['initContainerStatuses', 'containerStatuses'].flatMap(key => {
        const list = readAt(pod, ['status', key])
        return (Array.isArray(list) ? list : []).filter(isJsonObject)
      })
      return statuses.flatMap(status => {
        const waiting = readAt(status, ['state', 'waiting', 'reason'])
        const ended =
          readAt(status, ['lastState', 'terminated', 'reason']) ?? readAt(status, ['state', 'terminated', 'reason'])
        if (waiting === undefined && ended === undefined) return []
        const restarts = typeof status.restartCount === 'number' ? status.restartCount : 0
        const last = ended === undefined ? '' : ` (last ended: ${ended})`
        return [`${name} ${waiting ?? 'ended'}${last}${restarts > 0 ? `, restarted ${counted(restarts, 'time')}` : ''}`]
      })
    })
}

function isReady(pod: JsonObject): boolean {
  return conditions(pod).some(({ type, status }) => type === 'Ready' && status === 'True')
}

function conditions(pod: JsonObject): readonly JsonObject[] {
  const list = readAt(pod, ['status', 'conditions'])
  return (Array.isArray(list) ? list : []).filter(isJsonObject)
}

/** The name of a pod. */
export function nameOfPod(pod: JsonObject): string {
  return String(readAt(pod, ['metadata', 'name']))
}

/**
 * The ready pods of a component by name, one per worker. For a worker on several nodes, it is the leader:
 * LeaderWorkerSet numbers its pods, Grove names them.
 */
export function leadersOf(pods: readonly JsonObject[], component: string): readonly JsonObject[] {
  return pods
    .filter(pod => {
      const labels = readAt(pod, ['metadata', 'labels'])
      const index = readAt(labels, ['leaderworkerset.sigs.k8s.io/worker-index'])
      const follows = (index !== undefined && index !== '0') || /-wkr-/.test(nameOfPod(pod))
      const isLeaving = readAt(pod, ['metadata', 'deletionTimestamp']) !== undefined
      return readAt(labels, [componentLabel]) === component && !follows && !isLeaving && isReady(pod)
    })
    .toSorted((a, b) => (nameOfPod(a) < nameOfPod(b) ? -1 : 1))
}
