import { defined } from '../../model/index.ts'
import type { ReadManifest } from './check.ts'
import { type Cluster, type ClusterChoice, openCluster } from './cluster.ts'
import type { KubernetesConfig } from './config.ts'
import { type HeldGraph, holdGraph } from './held-graph.ts'

/** The graph that a sweep changes, with its cluster. */
export interface OpenedGraph extends ReadManifest {
  readonly cluster: Cluster
  readonly namespace: string
  readonly held: HeldGraph
}

/** Identifies the pods of a graph. */
export function graphPods({ manifest, namespace }: Pick<OpenedGraph, 'manifest' | 'namespace'>) {
  return { graph: manifest.graph.name, namespace }
}

/**
 * Opens the cluster and takes over the graph.
 * @throws FulcrumError environment if the cluster is unreachable or refuses
 */
export async function openGraph(
  { kubeconfig, context, namespace }: KubernetesConfig,
  read: ReadManifest,
  signal: AbortSignal,
  open: (choice: ClusterChoice) => Promise<Cluster> = openCluster,
): Promise<OpenedGraph> {
  const cluster = await open({
    ...defined({ kubeconfig, context }),
  })
  const where = namespace ?? read.manifest.graph.namespace ?? cluster.namespace
  return { ...read, cluster, namespace: where, held: await holdGraph(cluster, read.manifest, where, signal) }
}
