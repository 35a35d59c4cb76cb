/** Which GPU a sample is of. */
export interface GpuIdentity {
  /** UUID of the driver; with `/GI` and the instance of a MIG device. */
  readonly id: string
  /** Machine, as its source calls it; null for this machine. */
  readonly host: string | null
  /** Index on its machine; null where the source doesn't say. */
  readonly index: number | null
  readonly model: string | null
  /** Pod that holds it, and its namespace. */
  readonly pod: string | null
  /** A slice of a GPU, whose energy nobody counts. */
  readonly isMig: boolean
}

/** What a source said of one GPU at one moment. What it didn't say is null. */
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
  /** Clocks are held down to save power, or because of heat. */
  readonly throttle: { readonly power: boolean; readonly thermal: boolean } | null
  /** Counters, bytes, both directions together. */
  readonly pcieBytes: number | null
  readonly nvlinkBytes: number | null
  /** Names of processes that the deployment did not start. */
  readonly strangers: readonly string[] | null
}

/** A sample that says nothing but which GPU it is of. */
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
  strangers: null,
})

/** A sample and when it was taken, ms of the wall clock of this machine. */
export type TimedSample = GpuSample & { readonly atMs: number }

/**
 * Bits of NVML's reasons for lower clocks (nvml.h, `nvmlClocksEventReason…`): software power cap 0x4, hardware slowdown
 * 0x8, software thermal 0x20, hardware thermal 0x40, hardware power brake 0x80. A hardware slowdown alone doesn't say
 * why; it counts as heat, which is its usual cause. Idle (0x1) and clocks that a user set (0x2) are no throttling.
 */
export function throttleOf(mask: number | bigint): { readonly power: boolean; readonly thermal: boolean } {
  const bits = BigInt(mask)
  const power = (bits & 0x84n) !== 0n
  const heat = (bits & 0x60n) !== 0n
  return { power, thermal: heat || ((bits & 0x8n) !== 0n && !power) }
}
