import type { Role } from '../model/index.ts'

/** Where the energy of a GPU comes from: its own counter, or a trapezoid over samples of its power. */
export type EnergyBasis = 'counter' | 'samples'

/** One GPU through the measurement window. What its source doesn't say is null. */
export interface GpuObserved {
  /** UUID of the driver, with the instance of a MIG device. */
  readonly id: string
  /** `gpu 0`, `node-3 gpu 0`. */
  readonly name: string
  /** As the driver calls it: `NVIDIA H100 80GB HBM3`. */
  readonly model: string | null
  /** Worker that holds it; null where nobody says. */
  readonly worker: string | null
  readonly role: Role | null
  readonly energyJ: number | null
  /** Largest error of {@link energyJ}, J. */
  readonly energyErrorJ: number | null
  readonly energyFrom: EnergyBasis | null
  readonly powerMeanW: number | null
  readonly powerLimitW: number | null
  /** Share of the time in which a kernel ran, 0–1, mean. */
  readonly utilization: number | null
  /** Share of the streaming multiprocessors that had work, 0–1, mean. */
  readonly smActive: number | null
  readonly memoryMaxMib: number | null
  readonly memoryTotalMib: number | null
  readonly smClockMhz: number | null
  readonly temperatureMaxC: number | null
  /** Share of the samples in which clocks were held down, by reason, 0–1; null where the source doesn't say. */
  readonly throttled: { readonly power: number; readonly thermal: number } | null
  /** Bytes/s, mean, both directions together. */
  readonly pcieBytesPerS: number | null
  readonly nvlinkBytesPerS: number | null
  /** Processes on it that the deployment did not start; null where nobody can tell. */
  readonly strangers: readonly string[] | null
  /** ms since the start of the window, and W, percent, MiB, MHz and °C; at most 120 samples each. */
  readonly series?: { readonly [name in GpuSeriesName]?: readonly (readonly [atMs: number, value: number])[] }
}

export type GpuSeriesName = 'power' | 'utilization' | 'memory' | 'clock' | 'temperature'

/** What was seen of the GPUs of a deployment through the measurement window. */
export interface GpusObserved {
  /** `nvml`, `nvidia-smi`, `dcgm`, `amd`, `simulated`. */
  readonly source: string
  /** Computed by a power model: no hardware was measured. */
  readonly isSimulated?: true
  /** Only those of the deployment. */
  readonly gpus: readonly GpuObserved[]
  /** Of all GPUs of the deployment; null when it is unknown of one of them. */
  readonly energyJ: number | null
  readonly energyErrorJ: number | null
}
