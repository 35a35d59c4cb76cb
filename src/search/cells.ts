import { canonicalJson, gpusOf, type Point, type Role, rememberedOf, type Workload } from '../model/index.ts'
import { type Pool, poolsOf } from '../plan/order/reconcile-cost.ts'
import type { Plan, PlannedDeployment } from '../spec/sweep.ts'

/** What the search chooses from: a deployment under a workload at a load level, with all its repeats. */
export interface Cell {
  /** Index among all cells of the plan. */
  readonly index: number
  readonly planned: PlannedDeployment
  /** Equal for cells of one workload: they share a frontier. */
  readonly workload: string
  /** Requests in flight, or requests/s; null for a level that has no one number, which is always measured. */
  readonly load: number | null
  readonly kind: 'concurrency' | 'rate' | 'other'
  readonly gpus: number
  /** The pool that reads prompts and the one that makes tokens; the same one when aggregated. */
  readonly prefill: Pool
  readonly decode: Pool
  /** By rising repeat. */
  readonly repeats: readonly Point[]
}

/** Cells of one deployment and workload, by rising load. */
export type Series = readonly Cell[]

/** Every cell of a plan, in the order of its deployments; series by series, load rising. */
export function seriesOf(plan: Plan): readonly Series[] {
  let index = 0
  return plan.deployments.flatMap(planned => {
    const pools = poolsOf(planned.deployment)
    const { variant } = planned.deployment
    // A variant may change how workers do without changing them: another router sends them other requests.
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

const contentOf = rememberedOf((workload: Workload) => canonicalJson(workload))

/** What repeats of a cell have in common: everything of the load but its seed. */
function pressKey({ load }: Point): string {
  const { seed: _, ...pressed } = load
  return canonicalJson(pressed)
}

function loadOf(point: Point | undefined): number | null {
  const level = point?.load.level
  if (level?.kind === 'concurrency') return level.concurrency
  return level?.kind === 'rate' ? level.requestsPerS : null
}
