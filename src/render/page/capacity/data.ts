import type { CapacityPoint } from '../../../analysis/capacity/point.ts'
import type { CapacityQuestion } from '../../../analysis/capacity/question.ts'
import type { CapacityView } from '../../views/capacity.ts'

/** What the capacity page computes from. */
export interface CapacityPageData {
  readonly question: CapacityQuestion
  readonly points: readonly CapacityPoint[]
  /** Its folder as a command names it, as seen from where the plan was made. */
  readonly run: CapacityView['run']
  /** Lengths of the run's workloads, by name: what `--mix` can name. */
  readonly workloads: readonly (readonly [name: string, lengths: { readonly isl: number; readonly osl: number }])[]
  /** A twin as plain data, see `plainTwin`; null without one. */
  readonly twin: object | null
}
