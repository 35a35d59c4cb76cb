import type { Deployment } from './deployment.ts'
import type { Load, Slo, ValidityLimits } from './load.ts'
import type { Workload } from './workload.ts'

/**
 * One measurement to make: deployment, workload, load level and repeat.
 *
 * @example
 * ```ts
 * import { type Point, planSweep } from 'fulcrum'
 *
 * const { deployments } = await planSweep('sweeps/quick.yaml')
 * const points: readonly Point[] = deployments.flatMap(planned => planned.points)
 * console.log(points.map(({ id }) => id))
 * ```
 */
export interface Point {
  /** Hash of everything that affects the outcome. The same point has the same id in every run. */
  readonly id: string
  readonly deployment: Deployment
  readonly workload: Workload
  readonly load: Load
  /** Name of its load generator, shipped or a plug-in. */
  readonly generator: string
  readonly slo: Slo
  readonly limits: ValidityLimits
  /** 1 for the first measurement of the point. */
  readonly repeat: number
}
