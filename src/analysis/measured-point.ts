import type { PointResult } from '../journal/event.ts'
import type { Run } from '../journal/run.ts'
import { type Figure, figures, interactivity, perGpuThroughput } from '../metrics/figures/index.ts'
import type { Measurement, Status } from '../metrics/measurement.ts'
import type { Deployment, Load, Slo, Workload } from '../model/index.ts'
import { contentId, counted, gpusOf } from '../model/index.ts'
import type { Estimate } from './estimate.ts'
import { estimateOf } from './estimate.ts'
import { deploymentLabels } from './labels.ts'

/**
 * A point with all its repeats. Its figures are means over the valid repeats. Repeats are samples of the same quantity,
 * so a frontier through the best of them would be too optimistic.
 */
export interface MeasuredPoint {
  /** Same for every repeat of the point. */
  readonly key: string
  readonly deployment: Deployment
  /** Topology, plus the settings that distinguish it from other deployments of that topology. */
  readonly label: string
  readonly workload: Workload
  readonly load: Load
  readonly slo: Slo
  readonly gpus: number
  /** In journal order; each has a row in points.csv. */
  readonly repeats: readonly PointResult[]
  /** Measurements from which the figures are computed. */
  readonly valid: readonly Measurement[]
  /** `ok` if at least one repeat is. */
  readonly status: Status
  /** Why repeats were left out; empty if none were. */
  readonly reason: string
  /** By {@link figures} name; null if no valid repeat has the figure. */
  readonly figures: { readonly [name: string]: Estimate | null }
  /** Output tokens/s per user: the x axis of the frontier. */
  readonly x: Estimate | null
  /** Output tokens/s per GPU: the y axis of the frontier. */
  readonly y: Estimate | null
}

/** Key that repeats of a point share: everything except the repeat and the seed that varies with it. */
export function pointKey({ point }: Pick<PointResult, 'point'>): string {
  const { deployment, workload, load, generator } = point
  const { seed: _, ...pressed } = load
  return contentId({ deployment: deployment.id, workload, load: pressed, generator })
}

/** Groups a run's results into points, in journal order. */
export function measuredPoints(run: Run, registry: readonly Figure[] = figures): readonly MeasuredPoint[] {
  const labels = deploymentLabels(run.results.map(result => result.point.deployment))
  return [...Map.groupBy(run.results, pointKey)].flatMap(([key, repeats]) => {
    const first = repeats[0]
    if (first === undefined) return []
    const { deployment, workload, load, slo } = first.point
    const valid = repeats.flatMap(r => (r.status === 'ok' && r.measurement !== null ? [r.measurement] : []))
    const estimates = Object.fromEntries(
      registry.map(figure => [
        figure.name,
        estimateOf(valid.map(m => figure.of(m, deployment)).filter(value => value !== null)),
      ]),
    )
    return [
      {
        key,
        deployment,
        label: labels.get(deployment.id) ?? deployment.id,
        workload,
        load,
        slo,
        gpus: gpusOf(deployment),
        repeats,
        valid,
        status: statusOfRepeats(repeats),
        reason: reasonOfRepeats(repeats),
        figures: estimates,
        x: estimates[interactivity] ?? null,
        y: estimates[perGpuThroughput] ?? null,
      },
    ]
  })
}

function statusOfRepeats(repeats: readonly PointResult[]): Status {
  if (repeats.some(repeat => repeat.status === 'ok')) return 'ok'
  return repeats.some(repeat => repeat.status === 'invalid') ? 'invalid' : 'failed'
}

function reasonOfRepeats(repeats: readonly PointResult[]): string {
  const out = repeats.filter(repeat => repeat.status !== 'ok')
  const reasons = [...new Set(out.map(repeat => repeat.reason))].join('; ')
  if (out.length === 0 || out.length === repeats.length) return reasons
  return `${out.length} of ${counted(repeats.length, 'repeat')} left out: ${reasons}`
}
