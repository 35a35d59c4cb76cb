import type { Role, Topology } from '../../model/index.ts'
import { topologyLabel } from '../../model/index.ts'
import { kindOf } from '../kin.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { bestOf } from '../serving-modes.ts'
import { meetsSlo } from '../slo.ts'

/** Topologies that differ by one worker, and their results. */
export interface Neighbours {
  /** Topologies to try: not planned, or planned and not measured. */
  readonly untried: readonly string[]
  /** Sentences about measured ones with their figures. */
  readonly measured: readonly string[]
}

/**
 * Topologies that give one pool a larger share, or that have one more worker if workers do both.
 * @param apart whether separating prompts from decoding would help too: adds disaggregated topologies on as many GPUs
 */
export function neighboursOf(
  point: MeasuredPoint,
  grow: Role,
  points: readonly MeasuredPoint[],
  apart: boolean,
): Neighbours {
  const valid = points.filter(({ status }) => status === 'ok')
  const { topology } = point.deployment
  const beside = candidates(topology, grow).map(candidate => {
    const label = topologyLabel(candidate)
    const alike = valid.filter(
      ({ deployment }) =>
        kindOf(deployment) === kindOf(point.deployment) && topologyLabel(deployment.topology) === label,
    )
    return { label, best: bestOf(alike) }
  })
  const { gpusPerWorker } = point.deployment
  const canSplit = topology.kind === 'aggregated' && apart && point.gpus >= gpusPerWorker.prefill + gpusPerWorker.decode
  const split = valid.filter(
    ({ deployment, gpus }) => deployment.topology.kind === 'disaggregated' && gpus === point.gpus,
  )
  const others = canSplit ? [{ label: `a disaggregated topology on ${point.gpus} GPUs`, best: bestOf(split) }] : []
  const all = [...beside, ...others]
  return {
    untried: all.filter(({ best }) => best === null).map(({ label }) => label),
    measured: all.flatMap(({ best }) =>
      best === null ? [] : [`${best.label} was measured and ${comparison(best, point)}.`],
    ),
  }
}

function candidates(topology: Topology, grow: Role): readonly Topology[] {
  if (topology.kind === 'aggregated') return [{ kind: 'aggregated', workers: topology.workers + 1 }]
  const shrink = grow === 'decode' ? 'prefill' : 'decode'
  const own = grow === 'decode' ? 'decode' : 'prefill'
  return [
    { ...topology, [own]: topology[own] + 1 },
    ...(topology[shrink] > 1 ? [{ ...topology, [shrink]: topology[shrink] - 1 }] : []),
  ]
}

function comparison(best: MeasuredPoint, point: MeasuredPoint): string {
  if (!meetsSlo(best)) return 'misses the SLO at every load measured'
  const [own, other] = [point.y?.mean ?? 0, best.y?.mean ?? 0]
  const less = own > 0 ? Math.round(100 * (1 - other / own)) : 0
  return less === 0
    ? 'gives no more per GPU at its best load'
    : less > 0
      ? `gives ${less}% less per GPU at its best load`
      : `gives ${-less}% more per GPU at its best load`
}
