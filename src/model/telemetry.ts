import type { Role } from './topology.ts'

/** Where a worker shows its metrics. */
export interface WorkerPage {
  readonly url: string
  /** From the labels of the page when absent. */
  readonly role?: Role
}

/** What a sweep observes beside its load. */
export interface Telemetry {
  /** Pages that the sweep file names; `auto` for those that the deployer finds. */
  readonly workers: 'auto' | readonly WorkerPage[]
}
