import type { Analysis } from '../../analysis/analyse.ts'
import { rivalLines } from '../../analysis/rivals.ts'

/** What could overturn the recommendation of one workload. */
export interface CouldOverturn {
  readonly workload: string
  /** Sentences that name points, why they have no valid measurement, and what they may give. */
  readonly lines: readonly string[]
  /** Measures them; null for a run that was not made from a sweep file. */
  readonly command: string | null
}

/** The workloads that have such points. */
export function couldOverturn({ workloads }: Analysis): readonly CouldOverturn[] {
  return workloads.flatMap(({ name, rivals, recommendation }) => {
    const lines = rivalLines(rivals, recommendation)
    return lines.length === 0 ? [] : [{ workload: name, lines, command: rivals.command }]
  })
}
