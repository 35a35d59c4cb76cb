import type { WorkloadAnalysis } from '../../analysis/analyse.ts'
import { loadLabel, shortLoad } from '../../analysis/load-label.ts'
import { meetsSlo, objectives } from '../../analysis/slo.ts'
import { gpusOfRole, topologyLabel, workersOf } from '../../model/index.ts'

/** A deployment's best point, as ratio charts show it. */
export interface RatioPoint {
  readonly key: string
  readonly workload: string
  readonly deployment: string
  readonly topology: string
  readonly kind: 'aggregated' | 'disaggregated'
  readonly prefill: number
  readonly decode: number
  /** Prefill GPUs divided by decode GPUs; null for aggregated deployments. */
  readonly ratio: number | null
  readonly gpus: number
  /** Maximum output tokens/s per GPU, within the SLO if any load meets it. */
  readonly y: number
  readonly load: string
  /** Short form for a table cell. */
  readonly shortLoad: string
  readonly slo: 'yes' | 'no' | 'no SLO'
  /** True for the best of its ratio (aggregated: of its kind). The line goes through these points. */
  readonly bestOfRatio: boolean
  /** True for the best of its prefill × decode cell over all engine settings. */
  readonly bestOfCell: boolean
  /** y divided by the workload's maximum, 0–1. */
  readonly share: number
}

/** One point for each deployment with a valid measurement. */
export function ratioPoints(workload: WorkloadAnalysis): readonly RatioPoint[] {
  const all = workload.best.flatMap(point => {
    if (point.y === null) return []
    const { topology } = point.deployment
    const decodeGpus = gpusOfRole(point.deployment, 'decode')
    const slo: RatioPoint['slo'] = objectives(point).length === 0 ? 'no SLO' : meetsSlo(point) ? 'yes' : 'no'
    return [
      {
        key: point.key,
        workload: workload.name,
        deployment: point.label,
        topology: topologyLabel(topology),
        kind: topology.kind,
        prefill: workersOf(topology, 'prefill'),
        decode: workersOf(topology, 'decode'),
        ratio: decodeGpus > 0 ? gpusOfRole(point.deployment, 'prefill') / decodeGpus : null,
        gpus: point.gpus,
        y: point.y.mean,
        load: loadLabel(point.load.level),
        shortLoad: shortLoad(point.load.level),
        slo,
      },
    ]
  })
  type Bare = (typeof all)[number]
  /** Points that meet the SLO rank first, then throughput. */
  const rank = (p: Bare) => (p.slo === 'no' ? 0 : 1e12) + p.y
  const bestBy = (key: (p: Bare) => string) =>
    new Set(
      [...Map.groupBy(all, key).values()].map(alike => alike.reduce((best, p) => (rank(p) > rank(best) ? p : best))),
    )
  const ofRatio = bestBy(p => String(p.ratio))
  const ofCell = bestBy(p => p.topology)
  const most = Math.max(0, ...all.map(p => p.y))
  return all.map(p => ({
    ...p,
    bestOfRatio: ofRatio.has(p),
    bestOfCell: ofCell.has(p),
    share: most > 0 ? p.y / most : 0,
  }))
}

/** Whether both worker counts vary, so that a heat map shows more than a line. */
export function spansPlane(points: readonly RatioPoint[]): boolean {
  const split = points.filter(p => p.kind === 'disaggregated')
  return new Set(split.map(p => p.prefill)).size > 1 && new Set(split.map(p => p.decode)).size > 1
}
