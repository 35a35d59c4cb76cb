import type { RawWorkload } from '../schema/workloads.ts'

/** A workload on its way: an axis replaces its list by one of the list's values. */
export interface WorkloadDraft {
  readonly entry: RawWorkload
  /** What each axis with several values adds to the workload's name: `prefix 50%`. */
  readonly marks: readonly string[]
}
