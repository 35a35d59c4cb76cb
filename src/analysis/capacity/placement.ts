import type { Deployment } from '../../model/index.ts'
import { rolesOf, workersOf } from '../../model/index.ts'
import type { Fleet } from './question.ts'

/** Replicas of a deployment on nodes. */
export interface Placement {
  readonly nodes: number
  /** Replicas that lose a worker if the worst nodes are lost. */
  readonly replicasLost: number
}

/** Whether replicas are packed tightly, or each starts on a fresh node and shares none. */
export type Layout = 'tight' | 'fresh nodes'
/** Both layouts, for the range of nodes that a fleet may need. */
export const layouts: readonly Layout[] = ['tight', 'fresh nodes']

/**
 * Places replicas on nodes, worker by worker in order, so that a replica's workers stay together. A worker occupies
 * part of one node, or whole nodes if it is larger than one. A replica that loses any worker counts as lost.
 */
export function placed(
  deployment: Deployment,
  replicas: number,
  { gpusPerNode, nodesLost }: Pick<Fleet, 'gpusPerNode' | 'nodesLost'>,
  layout: Layout,
): Placement {
  const touched = replicasByNode(workerSizes(deployment), replicas, gpusPerNode, layout)
  return { nodes: touched.length, replicasLost: lostOf(touched, nodesLost) }
}

/** GPUs of each worker, largest first within a replica. */
function workerSizes({ topology, gpusPerWorker }: Deployment): readonly number[] {
  return rolesOf(topology)
    .flatMap(role => Array.from({ length: workersOf(topology, role) }, () => gpusPerWorker[role]))
    .sort((a, b) => b - a)
}

/** Replicas that have a worker on each node. */
function replicasByNode(
  sizes: readonly number[],
  replicas: number,
  gpusPerNode: number,
  layout: Layout,
): readonly ReadonlySet<number>[] {
  const nodes: Set<number>[] = []
  let free = 0
  for (let replica = 0; replica < replicas; replica++) {
    if (layout === 'fresh nodes') free = 0
    for (const size of sizes) {
      if (size > free) {
        const taken = Math.ceil(size / gpusPerNode)
        for (let i = 0; i < taken; i++) nodes.push(new Set())
        free = taken * gpusPerNode
        for (const node of nodes.slice(-taken)) node.add(replica)
      } else nodes.at(-1)?.add(replica)
      free -= size
    }
  }
  return nodes
}

/** Removes nodes one by one, each time the one that takes down the most remaining replicas. */
function lostOf(nodes: readonly ReadonlySet<number>[], nodesLost: number): number {
  const lost = new Set<number>()
  for (let i = 0; i < nodesLost; i++) {
    const worst = nodes.reduce<ReadonlySet<number>>(
      (most, node) => (node.difference(lost).size > most.difference(lost).size ? node : most),
      new Set(),
    )
    for (const replica of worst) lost.add(replica)
  }
  return lost.size
}
