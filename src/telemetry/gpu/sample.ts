/** Identity of a sampled GPU. */
export interface GpuIdentity {
  /** UUID from the driver; for a MIG device followed by `/GI` and the instance. */
  readonly id: string
  /** Other names by which sources may know it; absent if the source does not report them. */
  readonly uuid?: string
  readonly serial?: string
  /** PCI address on its machine: `0000:1b:00.0`. */
  readonly bus?: string
  /** Machine, as the source names it; null for this machine. */
  readonly host: string | null
  /** Index on its machine; null if the source doesn't report it. */
  readonly index: number | null
  readonly model: string | null
  /** Pod that uses the GPU, and its namespace. */
  readonly pod: string | null
  /** Whether it is a MIG device or a partition of an AMD GPU, whose energy no counter reports. */
  readonly isMig: boolean
}

/** One source's values for one GPU at one moment; null for values that it does not report. */
export interface GpuSample extends GpuIdentity {
  /** Counter since the driver was loaded, J. */
  readonly energyJ: number | null
  readonly powerW: number | null
  readonly powerLimitW: number | null
  /** 0–1. */
  readonly utilization: number | null
  readonly smActive: number | null
  readonly memoryUsedMib: number | null
  readonly memoryTotalMib: number | null
  readonly smClockMhz: number | null
  readonly temperatureC: number | null
  /** Whether clocks are reduced to save power, or because of heat. */
  readonly throttle: { readonly power: boolean; readonly thermal: boolean } | null
  /** Counters in bytes, both directions together. */
  readonly pcieBytes: number | null
  readonly nvlinkBytes: number | null
  /** The same traffic as rates in bytes/s, from sources without counters. XGMI is AMD's NVLink. */
  readonly pcieBytesPerS: number | null
  readonly nvlinkBytesPerS: number | null
  /** Names of processes that do not belong to the deployment. */
  readonly strangers: readonly string[] | null
}

/** A sample with only the identity of its GPU. */
export const emptySample = (identity: GpuIdentity): GpuSample => ({
  ...identity,
  energyJ: null,
  powerW: null,
  powerLimitW: null,
  utilization: null,
  smActive: null,
  memoryUsedMib: null,
  memoryTotalMib: null,
  smClockMhz: null,
  temperatureC: null,
  throttle: null,
  pcieBytes: null,
  nvlinkBytes: null,
  pcieBytesPerS: null,
  nvlinkBytesPerS: null,
  strangers: null,
})

/**
 * A sample with its time on the wall clock of this machine, ms. Values of a page that its server refreshes now and then
 * are from a moment between `sinceMs`, when the page before was requested, and `atMs`.
 */
export type TimedSample = GpuSample & { readonly atMs: number; readonly sinceMs?: number }

/**
 * Bits of NVML's reasons for lower clocks (nvml.h, `nvmlClocksEventReason…`): software power cap 0x4, hardware slowdown
 * 0x8, software thermal 0x20, hardware thermal 0x40, hardware power brake 0x80. A hardware slowdown alone gives no
 * cause; it counts as heat, its usual cause. Idle (0x1) and user-set clocks (0x2) are not throttling.
 */
export function throttleOf(mask: number | bigint): { readonly power: boolean; readonly thermal: boolean } {
  const bits = BigInt(mask)
  const power = (bits & 0x84n) !== 0n
  const heat = (bits & 0x60n) !== 0n
  return { power, thermal: heat || ((bits & 0x8n) !== 0n && !power) }
}
