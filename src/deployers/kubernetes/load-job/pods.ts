import { isJsonObject, type JsonObject } from '../../../model/index.ts'
import type { Cluster } from '../cluster.ts'
import { readAt } from '../fields.ts'

const indexLabel = 'batch.kubernetes.io/job-completion-index'

/** The pod of a shard; the newest one if there are several. */
export async function shardPod(
  cluster: Cluster,
  job: { readonly namespace: string; readonly name: string },
  shard: number,
  signal: AbortSignal,
): Promise<JsonObject | null> {
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${job.name},${indexLabel}=${shard}`)
  const list = await cluster.get(`/api/v1/namespaces/${job.namespace}/pods?labelSelector=${selector}`, signal)
  const pods = (Array.isArray(list?.items) ? list.items : []).filter(isJsonObject)
  const madeAt = (pod: JsonObject) => String(readAt(pod, ['metadata', 'creationTimestamp']))
  return pods.filter(isWanted).sort((a, b) => madeAt(b).localeCompare(madeAt(a)))[0] ?? pods[0] ?? null
}

/** Whether a pod runs and is not being deleted. While a pod is deleted, its phase is still `Running`. */
export const isRunning = (pod: JsonObject): boolean => readAt(pod, ['status', 'phase']) === 'Running' && isWanted(pod)

const isWanted = (pod: JsonObject) =>
  readAt(pod, ['metadata', 'deletionTimestamp']) === undefined &&
  !['Succeeded', 'Failed'].includes(String(readAt(pod, ['status', 'phase'])))

/** How a Job ended, in the cluster's words; null while it runs. */
export function jobEnd(job: JsonObject): string | null {
  const conditions = readAt(job, ['status', 'conditions'])
  const end = (Array.isArray(conditions) ? conditions : [])
    .filter(isJsonObject)
    .find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
  if (end === undefined) return null
  return [end.type, end.reason, end.message].filter(word => word !== undefined && word !== '').join(': ')
}

/** The termination message of a pod's container; null if there is none. */
export function lastWords(pod: JsonObject): string | null {
  const [status] = (readAt(pod, ['status', 'containerStatuses']) ?? []) as readonly JsonObject[]
  const ended = readAt(status, ['state', 'terminated']) ?? readAt(status, ['lastState', 'terminated'])
  const message = readAt(ended, ['message'])
  return typeof message === 'string' && message.trim() !== '' ? message.trim() : null
}
