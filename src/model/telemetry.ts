import type { Role } from './topology.ts'

/** Where a worker shows its metrics. */
export interface WorkerPage {
  readonly url: string
  /** From the labels of the page when absent. */
  readonly role?: Role
}

/** How GPUs are observed; `auto`: by what is there, and nothing is told where nothing is; `off`: not at all. */
export type GpuTelemetry =
  | 'auto'
  | 'off'
  | {
      /** Pages of dcgm-exporter or AMD's device-metrics-exporter. */
      readonly dcgm: readonly string[]
      /** By NVML or nvidia-smi on each machine with workers. */
      readonly nvidiaSmi: boolean
      /** Seconds between two samples. */
      readonly sampleS: number
      /** GPUs of each role, by index or UUID; null: as the deployer or the labels of pages say. */
      readonly devices: { readonly [role in Role]?: readonly (number | string)[] } | null
    }

/** What a sweep observes beside its load. */
export interface Telemetry {
  readonly gpus: GpuTelemetry
  /** Pages that the sweep file names; `auto` for those that the deployer finds. */
  readonly workers: 'auto' | readonly WorkerPage[]
}
