/** Price of a GPU-hour. */
export interface Price {
  /** Per GPU; without energy if that has a separate price. */
  readonly perGpuHour: number
  /** Per kWh, in addition; null if {@link perGpuHour} includes it. */
  readonly perKwh: number | null
  /** ISO 4217 code; null for units. */
  readonly currency: string | null
}

/** Power of a site in addition to its GPUs. */
export interface SitePower {
  /** Power usage effectiveness: total power divided by that of the machines, at least 1. */
  readonly pue: number
  /** Power of a host without its GPUs, per GPU, W. */
  readonly hostW: number
  /** Power of the network per GPU, W. */
  readonly networkW: number
}
