import type { Prediction } from '../../analysis/twin/index.ts'
import type { Finding } from '../../metrics/measurement.ts'

/** A twin's prediction of a point. */
export interface PredictedPoint {
  readonly pointId: string
  readonly topology: string
  readonly workload: string
  readonly load: string
  readonly gpus: number
  /** Whether the twin's own run measured the point. */
  readonly measured: boolean
  /** Findings that such a measurement would have: no steady state, too few samples, failed requests. */
  readonly findings: readonly Finding[]
  readonly prediction: Omit<Prediction, 'simulation'>
}
