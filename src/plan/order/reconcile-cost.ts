import { canonicalJson, type Deployment, type Role, roles, workersOf } from '../../model/index.ts'
import type { ReconcileCost } from '../../spec/sweep.ts'

/** The workers of one role: their number and their kind (settings and GPUs as text, equal if they are equal). */
export interface Pool {
  readonly kind: string
  readonly workers: number
}

/** What reconciling needs of a deployment: its pools. Roles without workers have none. */
export type Pools = { readonly [role in Role]?: Pool }

/** The pools of a deployment. Two pools of a role are of one kind if their workers can serve in either deployment. */
export function poolsOf(deployment: Deployment): Pools {
  const present = roles.filter(role => workersOf(deployment.topology, role) > 0)
  return Object.fromEntries(
    present.map(role => {
      const settings = { settings: deployment.engine[role] ?? {}, gpus: deployment.gpusPerWorker[role] }
      const kind = canonicalJson({ role, model: deployment.model.name, ...settings })
      return [role, { kind, workers: workersOf(deployment.topology, role) }]
    }),
  )
}

/**
 * Workers that `Deployer.reconcile` starts and stops on the way from one deployment to the next (from null: nothing
 * runs). A pool of the same kind survives and costs only the difference; a pool of another kind is replaced completely;
 * aggregated and disaggregated deployments have no pool in common.
 */
export function reconcileCost(from: Pools | null, to: Pools): ReconcileCost {
  let workersStarted = 0
  let workersStopped = 0
  for (const role of roles) {
    const before = from?.[role]
    const after = to[role]
    const kept = before?.kind === after?.kind ? Math.min(before?.workers ?? 0, after?.workers ?? 0) : 0
    workersStarted += (after?.workers ?? 0) - kept
    workersStopped += (before?.workers ?? 0) - kept
  }
  return { workersStarted, workersStopped }
}

/**
 * The cost of visiting deployments in this order, starting from nothing. The stop at the end does not count, because
 * every order has it.
 */
export function orderCost(order: readonly Pools[]): ReconcileCost {
  let from: Pools | null = null
  let workersStarted = 0
  let workersStopped = 0
  for (const to of order) {
    const step = reconcileCost(from, to)
    workersStarted += step.workersStarted
    workersStopped += step.workersStopped
    from = to
  }
  return { workersStarted, workersStopped }
}
