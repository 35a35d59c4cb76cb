import type { Prediction } from '../../analysis/twin/index.ts'
import type { Finding } from '../../metrics/measurement.ts'

/** A point of a sweep as a twin sees it. */
export interface PredictedPoint {
  readonly pointId: string
  readonly topology: string
  readonly workload: string
  readonly load: string
  readonly gpus: number
  /** The twin's own run has measured it. */
  readonly measured: boolean
  /** What would speak against such a measurement: never steady, too few samples, requests that fail. */
  readonly findings: readonly Finding[]
  readonly prediction: Omit<Prediction, 'simulation'>
}
