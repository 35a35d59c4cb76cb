import type { RequestPhase } from '../../metrics/records.ts'

/** State that the threads of one measurement share: a few numbers in memory, without messages. */
export interface Control {
  readonly counters: Int32Array
  /** Monotonic start times by phase, ms; see {@link monotonicMs}. */
  readonly starts: Float64Array
}

const NEXT = 0
const NEXT_MEASURED = 1
const DONE_WARMUP = 2
const DONE_MEASURED = 3
const ARRIVED = 4
const PHASE = 5
/** Number of barriers that all threads have reached; counted only for held starts. */
const GATHERED = 6
const HELD = 7
/** Number of requests after which measuring stops. */
const MOST_MEASURED = 8

/** Phases that threads start together at each barrier, in order. */
export const barriers = ['warm-up', 'window', 'release'] as const

/** Time from the last thread's arrival at a barrier to the start, so that the others can wake up. */
const startMarginMs = 5

/**
 * Shared memory for the threads of one measurement.
 * @param held whether each start waits for {@link startTogether}, instead of following the last thread's arrival
 */
export function createControl(held = false): Control {
  const control = {
    counters: new Int32Array(new SharedArrayBuffer(9 * 4)),
    starts: new Float64Array(new SharedArrayBuffer(4 * 8)),
  }
  control.counters[HELD] = held ? 1 : 0
  control.counters[MOST_MEASURED] = 0x7fffffff
  return control
}

/**
 * Index of the next conversation, counted over all threads, for any free slot.
 * @param drained whether a warm-up was drained before and counted separately
 */
export function takeNumber(control: Control, drained: boolean): number {
  return Atomics.add(control.counters, drained ? NEXT_MEASURED : NEXT, 1)
}

/** Limits the number of measured requests. Requests in flight are still answered. */
export function stopMeasuring(control: Control, requests: number): void {
  Atomics.store(control.counters, MOST_MEASURED, requests)
}

/** Current limit of the number of measured requests. */
export function mostMeasured(control: Control): number {
  return Atomics.load(control.counters, MOST_MEASURED)
}

/** Counts a finished request for the progress. Requests that only maintain the load don't count. */
export function countDone(control: Control, phase: RequestPhase): void {
  if (phase === 'after') return
  Atomics.add(control.counters, phase === 'warm-up' ? DONE_WARMUP : DONE_MEASURED, 1)
}

/** Requests that all threads have finished so far, for the progress. */
export function doneSoFar(control: Control): {
  readonly warmup: number
  readonly measured: number
  /** Number of barriers passed. */
  readonly phase: number
} {
  return {
    warmup: Atomics.load(control.counters, DONE_WARMUP),
    measured: Atomics.load(control.counters, DONE_MEASURED),
    phase: Atomics.load(control.counters, PHASE),
  }
}

/** Waits until all threads are here. Resolves with the monotonic time of their common start. */
export async function meet(control: Control, threads: number): Promise<number> {
  const { counters, starts } = control
  const phase = Atomics.load(counters, PHASE)
  if (Atomics.add(counters, ARRIVED, 1) === threads - 1) {
    Atomics.store(counters, ARRIVED, 0)
    if (Atomics.load(counters, HELD) === 0) startTogether(control, monotonicMs() + startMarginMs)
    else {
      Atomics.add(counters, GATHERED, 1)
      Atomics.notify(counters, GATHERED)
    }
  }
  await changeFrom(counters, PHASE, phase)
  return starts[phase] ?? 0
}

/** Resolves when all threads of a held start wait at the barrier with this index. */
export async function gathered(control: Control, barrier: number): Promise<void> {
  await changeFrom(control.counters, GATHERED, barrier)
}

/** Releases the threads at the barrier at a monotonic time, ms. */
export function startTogether(control: Control, atMs: number): void {
  const phase = Atomics.load(control.counters, PHASE)
  control.starts[phase] = atMs
  Atomics.store(control.counters, PHASE, phase + 1)
  Atomics.notify(control.counters, PHASE)
}

async function changeFrom(counters: Int32Array, index: number, value: number): Promise<void> {
  const waiting = Atomics.waitAsync(counters, index, value)
  if (waiting.async) await waiting.value
}

/** A clock that all threads of the process share, ms. `performance.now()` counts from each thread's own start. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/**
 * Start times of the phases of a measurement, ms of {@link monotonicMs}: warm-up, measurement window, end of the load.
 */
export function phaseStarts({ starts }: Control): {
  readonly warmupMs: number
  readonly measuredMs: number
  readonly releasedMs: number
} {
  const [warmupMs = Number.NaN, measuredMs = Number.NaN, releasedMs = Number.NaN] = starts
  return { warmupMs, measuredMs, releasedMs }
}

/** Offset from this thread's `performance.now()` to {@link monotonicMs}: the best of a few readings. */
export function monotonicOffsetMs(): number {
  let best = Number.POSITIVE_INFINITY
  let offset = 0
  for (let i = 0; i < 8; i++) {
    const before = performance.now()
    const shared = monotonicMs()
    const after = performance.now()
    if (after - before < best) {
      best = after - before
      offset = shared - (before + after) / 2
    }
  }
  return offset
}
