import { setTimeout as sleep } from 'node:timers/promises'
import { counted, type Deployment, FulcrumError, type JsonObject } from '../../model/index.ts'
import type { DeployContext } from '../deployer.ts'
import { type Deadline, leftMs } from '../readiness.ts'
import type { ReadManifest } from './check.ts'
import type { Design } from './design.ts'
import { readAt } from './fields.ts'
import { graphPods, type OpenedGraph } from './opened-graph.ts'
import { collectionPath, graphPath } from './paths.ts'
import { lingering, podsOf, podTroubles } from './pods.ts'
import { reportedGpus, unreadiness, type WantedReplicas } from './status.ts'
import { untilReady } from './wait-ready.ts'

const explainLimitMs = 10_000
const lookEveryMs = 250

/** A reconcile in progress. */
export interface GraphRollout {
  readonly context: DeployContext
  readonly deadline: Deadline
  /** `2P1D`, for messages. */
  readonly label: string
  /** Aborted when the deployer is closed. */
  readonly closing: AbortSignal
}

/**
 * Applies a design and waits until the operator reports it as ready. Resolves with the graph.
 * @throws FulcrumError failed at the deadline, with the state of the pods
 */
export async function rollOut(opened: OpenedGraph, design: Design, rollout: GraphRollout): Promise<JsonObject> {
  const { cluster, manifest, namespace, held } = opened
  const { context, deadline, label, closing } = rollout
  await held.apply(design, context.signal)
  return untilReady({
    cluster,
    collection: collectionPath(manifest.graph.apiVersion, 'dynamographdeployments', namespace),
    name: manifest.graph.name,
    deadline,
    context,
    label,
    judge: graph => unreadiness(graph, manifest.version, wantedReplicas(opened, design, graph)),
    explain: () => explainPods(opened, closing),
  })
}

/**
 * Deletes the graph and waits until its pods are gone: they hold the GPUs that the next ones need.
 */
export async function removeGraph(
  opened: OpenedGraph,
  { pools, ...design }: Design,
  rollout: GraphRollout,
): Promise<void> {
  const { cluster, manifest, namespace, held } = opened
  const { signal } = rollout.context
  await held.remove(signal)
  while (leftMs(rollout.deadline) > 0 && (await cluster.get(graphPath(manifest.graph, namespace), signal)) !== null) {
    await sleep(lookEveryMs, undefined, { signal })
  }
  await podsGone(opened, { ...design, pools: pools.map(pool => ({ ...pool, replicas: 0 })) }, rollout)
}

/**
 * Waits until the pods of emptied pools are gone. Otherwise, a terminating worker may answer the completion that proves
 * that the new ones work.
 */
export async function podsGone(opened: OpenedGraph, { pools }: Design, rollout: GraphRollout): Promise<void> {
  const { signal } = rollout.context
  const gone = pools.filter(({ replicas }) => replicas === 0).map(({ component }) => component.name)
  try {
    while (
      leftMs(rollout.deadline) > 0 &&
      lingering(await podsOf(opened.cluster, graphPods(opened), signal), gone).length > 0
    ) {
      await sleep(lookEveryMs, undefined, { signal })
    }
  } catch (error) {
    // Without the right to list pods, the wait is skipped.
    if (!(error instanceof FulcrumError) || error.code !== 'kubernetes-forbidden') throw error
  }
}

/**
 * The replicas to wait for. The frontend counts with its current number, because it may also be rolled out, or scaled
 * by others.
 */
export function wantedReplicas(
  { cast }: Pick<ReadManifest, 'cast'>,
  { pools }: Design,
  graph: JsonObject,
): readonly WantedReplicas[] {
  const workers = pools.map(({ component, replicas }) => ({ name: component.name, replicas }))
  const { frontend } = cast
  if (frontend === undefined) return workers
  const replicas = readAt(graph, frontend.replicasPath)
  return [...workers, { name: frontend.name, replicas: typeof replicas === 'number' ? replicas : 1 }]
}

/**
 * @throws FulcrumError bad-input `gpus-differ` if the operator's number of GPUs differs from the sweep's, which would
 *   make every figure per GPU wrong
 */
export function requireGpus(
  { manifest }: OpenedGraph,
  { pools }: Design,
  gpusPerWorker: Deployment['gpusPerWorker'],
  graph: JsonObject,
): void {
  for (const { role, component, replicas } of pools) {
    const said = reportedGpus(graph, manifest.version, component.name)
    // A manifest without GPUs runs a replacement for an engine; the sweep file sets the number of GPUs that it
    // represents.
    if (replicas === 0 || said === null || component.gpusPerPod === null || said === gpusPerWorker[role]) continue
    const { line, column } = manifest.graph.placeOf(component.path)
    throw new FulcrumError(
      'bad-input',
      'gpus-differ',
      `${manifest.file}:${line}:${column}: Dynamo's operator counts ${counted(said, 'GPU')} for a worker of ${component.name}, and this sweep counts ${gpusPerWorker[role]}`,
      { remedy: 'Give the GPUs to the main container alone, or write gpus_per_worker as the operator counts.' },
    )
  }
}

async function explainPods(opened: OpenedGraph, closing: AbortSignal): Promise<string> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(explainLimitMs)])
  const troubles = podTroubles(await podsOf(opened.cluster, graphPods(opened), signal))
  return troubles.map(line => `\n  ${line}`).join('')
}
