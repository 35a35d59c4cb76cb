import { canonicalJson, type Deployment, defined, type Json, type Role, roles, workersOf } from '../../model/index.ts'
import type { ReconcileCost } from '../../spec/sweep.ts'

/** The workers of one role: their number and their kind (settings and GPUs as text, equal if they are equal). */
export interface Pool {
  readonly kind: string
  readonly workers: number
}

/**
 * What reconciling needs of a deployment: its pools, and the kind of its frontend. Roles without workers have none;
 * frontends of one kind serve in either deployment.
 */
export type Pools = { readonly [role in Role]?: Pool } & {
  readonly frontend?: string
  /** The role of which one worker restarts with the frontend, because both run in one process. */
  readonly head?: Role
}

/** What the configuration of a deployment adds to the kinds of its parts; nothing in a sweep without variants. */
export interface PartKinds {
  readonly frontend: Json
  readonly workers: { readonly [role in Role]: Json }
  /** Roles of which one worker runs in one process with the frontend, and what starts that process. */
  readonly heads?: { readonly [role in Role]?: Json }
}

/** The pools of a deployment. Two pools of a role are of one kind if their workers can serve in either deployment. */
export function poolsOf(deployment: Deployment): Pools {
  return poolsWith(deployment, () => ({}))
}

/** The pools of a deployment of a variant, whose configuration decides on the kinds, too. */
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
 * Workers that `Deployer.reconcile` starts and stops on the way from one deployment to the next (from null: nothing
 * runs). A pool of the same kind survives and costs only the difference, and its head where the frontend restarts with
 * one; a pool of another kind is replaced completely; aggregated and disaggregated deployments have no pool in common.
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

/** Whether another frontend has to be started in the place of one that runs. */
const restartsFrontend = (from: Pools | null, to: Pools): boolean => from !== null && from.frontend !== to.frontend

/**
 * The cost of visiting deployments in this order, starting from nothing. The stop at the end does not count, because
 * every order has it.
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
