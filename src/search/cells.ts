import { canonicalJson, gpusOf, type Point, type Role, rememberedOf, type Workload } from '../model/index.ts'
import { type Pool, poolsOf } from '../plan/order/reconcile-cost.ts'
import type { Plan, PlannedDeployment } from '../spec/sweep.ts'

/** Unit of the search: a deployment under a workload at a load level, with all its repeats. */
export interface Cell {
  /** Index among all cells of the plan. */
  readonly index: number
  readonly planned: PlannedDeployment
  /** Equal for cells of the same workload, which share a frontier. */
  readonly workload: string
  /** Requests in flight, or requests/s; null for levels without a single number, which are always measured. */
  readonly load: number | null
  readonly kind: 'concurrency' | 'rate' | 'other'
  readonly gpus: number
  /** Pools that read prompts and generate tokens; the same pool when aggregated. */
  readonly prefill: Pool
  readonly decode: Pool
  /** By ascending repeat. */
  readonly repeats: readonly Point[]
}

/** Cells of one deployment and workload by ascending load. */
export type Series = readonly Cell[]

/** All cells of a plan as series, in the order of its deployments and by ascending load. */
export function seriesOf(plan: Plan): readonly Series[] {
  let index = 0
  return plan.deployments.flatMap(planned => {
    const pools = poolsOf(planned.deployment)
    const { variant } = planned.deployment
    // A variant may affect workers without changing them: another router sends them other requests.
    const pool = (role: Role): Pool => {
      const { kind, workers } = pools[role] ?? pools.aggregated ?? { kind: '', workers: 1 }
      return { kind: variant === undefined ? kind : `${kind} ${variant}`, workers }
    }
    const shared = {
      planned,
      gpus: gpusOf(planned.deployment),
      prefill: pool('prefill'),
      decode: pool('decode'),
    }
    const byWorkload = Map.groupBy(planned.points, ({ workload, load }) => `${load.level.kind} ${contentOf(workload)}`)
    return [...byWorkload.values()].map(points => {
      const workload = points[0] === undefined ? '' : contentOf(points[0].workload)
      const byLoad = [...Map.groupBy(points, pressKey).values()]
      const rising = byLoad.toSorted((a, b) => (loadOf(a[0]) ?? 0) - (loadOf(b[0]) ?? 0))
      return rising.map((alike): Cell => {
        const level = alike[0]?.load.level.kind
        const kind = level === 'concurrency' || level === 'rate' ? level : 'other'
        const repeats = alike.toSorted((a, b) => a.repeat - b.repeat)
        return { ...shared, index: index++, workload, load: loadOf(alike[0]), kind, repeats }
      })
    })
  })
}

/** Whether a closed loop gives each worker at most one request, so that none waits for another. */
export function isOneEach({ kind, load, prefill, decode }: Cell): boolean {
  return kind === 'concurrency' && load !== null && load <= Math.min(prefill.workers, decode.workers)
}

/**
 * Load of each decode worker. In a closed loop with fewer requests than workers, the busy ones still have one each, so
 * it is at least 1.
 */
export function loadPerWorker({ kind, load, decode }: Cell): number {
  const each = (load ?? 1) / decode.workers
  return kind === 'concurrency' ? Math.max(1, each) : each
}

const contentOf = rememberedOf((workload: Workload) => canonicalJson(workload))

/** Load properties that repeats of a cell share: everything except the seed. */
function pressKey({ load }: Point): string {
  const { seed: _, ...pressed } = load
  return canonicalJson(pressed)
}

function loadOf(point: Point | undefined): number | null {
  const level = point?.load.level
  if (level?.kind === 'concurrency') return level.concurrency
  return level?.kind === 'rate' ? level.requestsPerS : null
}
