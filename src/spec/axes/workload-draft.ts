import type { RawWorkload } from '../schema/workloads.ts'

/** An incomplete workload. Each axis replaces a list by one of its values. */
export interface WorkloadDraft {
  readonly entry: RawWorkload
  /** Additions to the workload's name, one for each axis with several values: `prefix 50%`. */
  readonly marks: readonly string[]
}
