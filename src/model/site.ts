/** What a GPU-hour costs. */
export interface Price {
  /** Of one GPU; without the energy where that is priced by itself. */
  readonly perGpuHour: number
  /** Of one kWh, on top; null where {@link perGpuHour} contains it. */
  readonly perKwh: number | null
  /** ISO 4217 code; null: units. */
  readonly currency: string | null
}

/** Power of a site beside its GPUs. */
export interface SitePower {
  /** Power usage effectiveness: all power divided by that of the machines, from 1. */
  readonly pue: number
  /** Of a host, without its GPUs, for each GPU, W. */
  readonly hostW: number
  /** Of the network for each GPU, W. */
  readonly networkW: number
}
