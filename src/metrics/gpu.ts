import type { Role } from '../model/index.ts'

/** Source of a GPU's energy: its own counter, or trapezoidal integration of power samples. */
export type EnergyBasis = 'counter' | 'samples'

/** One GPU during the measurement window. Values that its source does not report are null. */
export interface GpuObserved {
  /** UUID of the driver, with the instance of a MIG device. */
  readonly id: string
  /** `gpu 0`, `node-3 gpu 0`. */
  readonly name: string
  /** Name from the driver: `NVIDIA H100 80GB HBM3`. */
  readonly model: string | null
  /** Worker that uses it; null if unknown. */
  readonly worker: string | null
  readonly role: Role | null
  readonly energyJ: number | null
  /** Maximum error of {@link energyJ}, J. */
  readonly energyErrorJ: number | null
  readonly energyFrom: EnergyBasis | null
  readonly powerMeanW: number | null
  readonly powerLimitW: number | null
  /** Mean share of the time in which a kernel ran, 0–1. */
  readonly utilization: number | null
  /** Mean share of the streaming multiprocessors that were active, 0–1. */
  readonly smActive: number | null
  readonly memoryMaxMib: number | null
  readonly memoryTotalMib: number | null
  readonly smClockMhz: number | null
  readonly temperatureMaxC: number | null
  /** Share of samples with throttled clocks, by reason, 0–1; null if the source does not report it. */
  readonly throttled: { readonly power: number; readonly thermal: number } | null
  /** Mean bytes/s, both directions together. */
  readonly pcieBytesPerS: number | null
  readonly nvlinkBytesPerS: number | null
  /** Processes that the deployment did not start; null if unknown. */
  readonly strangers: readonly string[] | null
  /** ms since the start of the window, and W, percent, MiB, MHz, °C or bytes/s; at most 120 samples each. */
  readonly series?: { readonly [name in GpuSeriesName]?: readonly (readonly [atMs: number, value: number])[] }
}

/** Time series of a GPU; units as in {@link GpuObserved}'s `series`. */
export type GpuSeriesName = 'power' | 'utilization' | 'memory' | 'clock' | 'temperature' | 'pcie' | 'nvlink'

/** GPUs of a deployment during the measurement window. */
export interface GpusObserved {
  /** `nvml`, `nvidia-smi`, `dcgm`, `amd`, `simulated`. */
  readonly source: string
  /** True if a power model computed the values without measuring hardware. */
  readonly isSimulated?: true
  /** Only GPUs of the deployment. */
  readonly gpus: readonly GpuObserved[]
  /** Energy of all GPUs of the deployment, J; null if any is unknown. */
  readonly energyJ: number | null
  readonly energyErrorJ: number | null
}
