import type { Analysis } from '../../analysis/analyse.ts'
import { rivalLines } from '../../analysis/rivals.ts'

/** Unmeasured points that could overturn a workload's recommendation. */
export interface CouldOverturn {
  readonly workload: string
  /** Sentences that name the points, why they have no valid measurement, and their possible result. */
  readonly lines: readonly string[]
  /** Command that measures them; null if the run was not made from a sweep file. */
  readonly command: string | null
}

/** Workloads that have such points. */
export function couldOverturn({ workloads }: Analysis): readonly CouldOverturn[] {
  return workloads.flatMap(({ name, rivals, recommendation }) => {
    const lines = rivalLines(rivals, recommendation)
    return lines.length === 0 ? [] : [{ workload: name, lines, command: rivals.command }]
  })
}
