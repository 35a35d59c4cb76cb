import type { Measurement } from '../../metrics/measurement.ts'

/** When a measurement moved from one phase to the next, in ms of one monotonic clock. */
export interface PhaseTimes {
  readonly beganMs: number
  /** Prompts and threads were ready, and connections began to open. */
  readonly preparedMs: number
  readonly warmupMs: number
  /** The start of the window. */
  readonly measuredMs: number
  /** End of the held load; NaN if unknown. */
  readonly releasedMs: number
}

/** Breakdown of the time outside a window of the given length, up to `nowMs`. */
export function besideWindow(
  { beganMs, preparedMs, warmupMs, measuredMs, releasedMs }: PhaseTimes,
  durationS: number,
  nowMs: number,
): NonNullable<Measurement['besideWindowS']> {
  const holdingS = Number.isNaN(releasedMs) ? 0 : Math.max(0, (releasedMs - measuredMs) / 1000 - durationS)
  return {
    preparing: (preparedMs - beganMs) / 1000,
    connecting: (warmupMs - preparedMs) / 1000,
    warmup: (measuredMs - warmupMs) / 1000,
    ...(holdingS === 0 ? {} : { holding: holdingS }),
    summary: Math.max(0, (nowMs - measuredMs) / 1000 - durationS - holdingS),
  }
}
