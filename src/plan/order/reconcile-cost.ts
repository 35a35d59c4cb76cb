import { canonicalJson, type Deployment, defined, type Json, type Role, roles, workersOf } from '../../model/index.ts'
import type { ReconcileCost } from '../../spec/sweep.ts'

/** Workers of one role: their number and their kind (settings and GPUs as text; equal text means equal workers). */
export interface Pool {
  readonly kind: string
  readonly workers: number
}

/**
 * Parts of a deployment that reconciling compares: its pools and the kind of its frontend. Roles without workers have
 * no pool. A frontend can be kept if its kind stays the same.
 */
export type Pools = { readonly [role in Role]?: Pool } & {
  readonly frontend?: string
  /** Role of the worker that restarts with the frontend, because both run in one process. */
  readonly head?: Role
}

/** Additions of a deployment's configuration to the kinds of its parts; none in a sweep without variants. */
export interface PartKinds {
  readonly frontend: Json
  readonly workers: { readonly [role in Role]: Json }
  /** Roles of which one worker shares a process with the frontend, and the configuration that starts that process. */
  readonly heads?: { readonly [role in Role]?: Json }
}

/** Pools of a deployment. Two pools of a role have the same kind if workers of one can serve in the other. */
export function poolsOf(deployment: Deployment): Pools {
  return poolsWith(deployment, () => ({}))
}

/** Pools of a deployment of a variant. The variant's configuration is part of the kinds. */
export function poolsOfVariant(deployment: Deployment, kinds: PartKinds): Pools {
  const pools = poolsWith(deployment, role => ({ variant: kinds.workers[role] }))
  const head = roles.find(role => pools[role] !== undefined && kinds.heads?.[role] !== undefined)
  const own = head === undefined ? [] : [kinds.heads?.[head] ?? null, pools[head]?.kind ?? null]
  return {
    ...pools,
    frontend: canonicalJson([deployment.model.name, kinds.frontend, ...own]),
    ...defined({ head }),
  }
}

function poolsWith(deployment: Deployment, more: (role: Role) => { readonly variant?: Json }): Pools {
  const present = roles.filter(role => workersOf(deployment.topology, role) > 0)
  return Object.fromEntries(
    present.map(role => {
      const settings = { settings: deployment.engine[role] ?? {}, gpus: deployment.gpusPerWorker[role] }
      const kind = canonicalJson({ role, model: deployment.model.name, ...settings, ...more(role) })
      return [role, { kind, workers: workersOf(deployment.topology, role) }]
    }),
  )
}

/**
 * Workers that `Deployer.reconcile` starts and stops to change one deployment into another; with `from` null, nothing
 * runs yet. A pool of the same kind stays, and only the difference in size costs, plus its head if that restarts with
 * the frontend. A pool of another kind is replaced completely. Aggregated and disaggregated deployments have no pool in
 * common.
 */
export function reconcileCost(from: Pools | null, to: Pools): ReconcileCost {
  let workersStarted = 0
  let workersStopped = 0
  for (const role of roles) {
    const before = from?.[role]
    const after = to[role]
    const same = before?.kind === after?.kind ? Math.min(before?.workers ?? 0, after?.workers ?? 0) : 0
    const kept = role === to.head && restartsFrontend(from, to) ? Math.max(0, same - 1) : same
    workersStarted += (after?.workers ?? 0) - kept
    workersStopped += (before?.workers ?? 0) - kept
  }
  return {
    workersStarted,
    workersStopped,
    ...(to.frontend === undefined ? {} : { frontendsRestarted: restartsFrontend(from, to) ? 1 : 0 }),
  }
}

/** Whether the running frontend must be replaced. */
const restartsFrontend = (from: Pools | null, to: Pools): boolean => from !== null && from.frontend !== to.frontend

/**
 * Cost of visiting deployments in this order, starting from nothing. Excludes the final stop, which every order has.
 */
export function orderCost(order: readonly Pools[]): ReconcileCost {
  let from: Pools | null = null
  let workersStarted = 0
  let workersStopped = 0
  let frontendsRestarted: number | undefined
  for (const to of order) {
    const step = reconcileCost(from, to)
    if (step.frontendsRestarted !== undefined) frontendsRestarted = (frontendsRestarted ?? 0) + step.frontendsRestarted
    workersStarted += step.workersStarted
    workersStopped += step.workersStopped
    from = to
  }
  return { workersStarted, workersStopped, ...defined({ frontendsRestarted }) }
}
