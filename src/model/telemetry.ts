import type { Role } from './topology.ts'

/** URL of a worker's metrics. */
export interface WorkerPage {
  readonly url: string
  /** Default: from the page's labels. */
  readonly role?: Role
}

/** How to observe GPUs. `auto` uses whatever is available and reports nothing otherwise; `off` observes none. */
export type GpuTelemetry =
  | 'auto'
  | 'off'
  | {
      /** Pages of dcgm-exporter or AMD's device-metrics-exporter. */
      readonly dcgm: readonly string[]
      /** Uses NVML or nvidia-smi on each machine with workers. */
      readonly nvidiaSmi: boolean
      /** Seconds between two samples. */
      readonly sampleS: number
      /** GPUs of each role by index or UUID; null to use the deployer's information or the pages' labels. */
      readonly devices: { readonly [role in Role]?: readonly (number | string)[] } | null
    }

/** What a sweep observes in addition to its load. */
export interface Telemetry {
  readonly gpus: GpuTelemetry
  /** Pages named in the sweep file; `auto` for those that the deployer finds. */
  readonly workers: 'auto' | readonly WorkerPage[]
}
