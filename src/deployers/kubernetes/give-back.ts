import { setTimeout as sleep } from 'node:timers/promises'
import { FulcrumError, type Json, type JsonObject } from '../../model/index.ts'
import { adaptersOf, isReplicasOf, scaleThrough } from './adapters.ts'
import { type Cluster, fieldManager } from './cluster.ts'
import { type Field, type PatchOperation, patchTo, readAt } from './fields.ts'
import type { ManifestDocument } from './manifest.ts'
import { graphPath } from './paths.ts'
import { type Before, restoreAnnotation } from './standing.ts'

/** Number of attempts while another client changes the same graph. */
const attempts = 10

/**
 * Restores all old values of a graph. Then removes Fulcrum from its managed fields, so that no later apply conflicts
 * with a finished run.
 */
export async function giveBack(
  cluster: Cluster,
  graph: ManifestDocument,
  namespace: string,
  before: Before,
  signal: AbortSignal,
): Promise<void> {
  const adapters = await adaptersOf(cluster, graph, namespace, signal)
  for (const adapter of adapters) {
    const replicas = before.adapters[adapter.component]
    if (replicas !== undefined) await scaleThrough(cluster, adapter, replicas, signal)
  }
  const path = graphPath(graph, namespace)
  const noNote: Field = { path: ['metadata', 'annotations', restoreAnnotation], value: undefined }
  const direct = before.fields.filter(field => !adapters.some(({ component }) => isReplicasOf(field.path, component)))
  await patchLatest(cluster, path, now => patchTo(now, [...direct, noNote]), signal)
  await patchLatest(cluster, path, withoutUs, signal)
}

function withoutUs(graph: JsonObject): readonly PatchOperation[] {
  const managers = readAt(graph, ['metadata', 'managedFields'])
  if (!Array.isArray(managers)) return []
  const others = managers.filter((entry: Json) => readAt(entry, ['manager']) !== fieldManager)
  // With an empty list, the server would track the fields again, as Fulcrum's.
  if (others.length === managers.length || others.length === 0) return []
  return [{ op: 'replace', path: '/metadata/managedFields', value: others }]
}

/** Patches the current state, and retries if another client changed it first. */
async function patchLatest(
  cluster: Cluster,
  path: string,
  operationsFor: (now: JsonObject) => readonly PatchOperation[],
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const now = await cluster.get(path, signal)
    const operations = now === null ? [] : operationsFor(now)
    if (operations.length === 0) return
    const value = readAt(now ?? undefined, ['metadata', 'resourceVersion']) ?? ''
    try {
      await cluster.patch(path, [...operations, { op: 'replace', path: '/metadata/resourceVersion', value }], signal)
      return
    } catch (error) {
      if (!(error instanceof FulcrumError) || error.code !== 'kubernetes-conflict' || attempt === attempts) throw error
      await sleep(50 * attempt, undefined, { signal })
    }
  }
}
