import type { Engine } from './engine.ts'

/** Lateness of the engine, which is the simulator's own error and not the simulated system's. */
export interface Lateness {
  readonly events: number
  readonly sumMs: number
  readonly maxMs: number
  /** Number of events at most `latenessBoundsMs[i]` late. */
  readonly atMost: readonly number[]
}

/** Upper bounds of {@link Lateness}' counts, ms. */
export const latenessBoundsMs: readonly number[] = [0.5, 1, 2, 5, 10, 20, 50, 100, 500]

/** Runs an engine on the wall clock. */
export interface Drive {
  nowMs(): number
  /** Call this after every external change to the engine. */
  wake(): void
  lateness(): Lateness
  stop(): void
}

/**
 * Timers only have whole milliseconds, so events due within half a millisecond happen now. They are early as often as
 * late, by less than a timer's step. Everything is scheduled by the engine's own times, so nothing drifts.
 */
const earlyMs = 0.5

/** Runs an engine on the wall clock until it is stopped. */
export function driveByWallClock(engine: Engine, nowMs: () => number = () => performance.now()): Drive {
  let timer: NodeJS.Timeout | undefined
  let immediate: NodeJS.Immediate | undefined
  let armedFor = Number.POSITIVE_INFINITY
  let events = 0
  let sumMs = 0
  let maxMs = 0
  const atMost = latenessBoundsMs.map(() => 0)

  function record(lateMs: number): void {
    events += 1
    sumMs += lateMs
    if (lateMs > maxMs) maxMs = lateMs
    for (let index = latenessBoundsMs.length - 1; index >= 0; index--) {
      if (lateMs > (latenessBoundsMs[index] as number)) break
      atMost[index] = (atMost[index] as number) + 1
    }
  }

  function disarm(): void {
    clearTimeout(timer)
    clearImmediate(immediate)
    armedFor = Number.POSITIVE_INFINITY
  }

  function arm(): void {
    const dueMs = engine.nextEventMs()
    if (dueMs === armedFor) return
    disarm()
    if (dueMs === Number.POSITIVE_INFINITY) return
    armedFor = dueMs
    const waitMs = dueMs - nowMs()
    if (waitMs <= earlyMs) immediate = setImmediate(run)
    else timer = setTimeout(run, Math.max(1, Math.floor(waitMs)))
  }

  function run(): void {
    armedFor = Number.POSITIVE_INFINITY
    const now = nowMs()
    const dueMs = engine.nextEventMs()
    if (dueMs <= now + earlyMs) {
      record(Math.max(0, now - dueMs))
      engine.advanceTo(now + earlyMs)
    }
    arm()
  }

  return {
    nowMs,
    wake: arm,
    lateness: () => ({ events, sumMs, maxMs, atMost: [...atMost] }),
    stop: disarm,
  }
}
