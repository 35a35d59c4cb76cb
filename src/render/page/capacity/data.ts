import type { CapacityPoint } from '../../../analysis/capacity/point.ts'
import type { CapacityQuestion } from '../../../analysis/capacity/question.ts'
import type { CapacityView } from '../../views/capacity.ts'

/** Data that the capacity page computes with. */
export interface CapacityPageData {
  readonly question: CapacityQuestion
  readonly points: readonly CapacityPoint[]
  /** Folder of the run in commands, relative to where the plan was made. */
  readonly run: CapacityView['run']
  /** Lengths of the run's workloads, by their name for `--mix`. */
  readonly workloads: readonly (readonly [name: string, lengths: { readonly isl: number; readonly osl: number }])[]
  /** A twin as plain data, see `plainTwin`; null if there is none. */
  readonly twin: object | null
}
