import type { RequestPhase } from '../../metrics/records.ts'

/** What the threads of one measurement share: a few numbers in memory, no messages. */
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
/** Barriers at which all threads have been; only counted where a start is held back. */
const GATHERED = 6
const HELD = 7
/** Measured requests after which no more are measured. */
const MOST_MEASURED = 8

/** What threads start together at the barriers, in their order. */
export const barriers = ['warm-up', 'window', 'release'] as const

/** Time from the last thread's arrival at a barrier to the start: enough for the others to wake. */
const startMarginMs = 5

/**
 * Memory for one measurement, to be shared with its threads.
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
 * The next conversation's number, counted over all threads: whichever slot is free takes it.
 * @param drained whether a warm-up was drained before and counted by itself
 */
export function takeNumber(control: Control, drained: boolean): number {
  return Atomics.add(control.counters, drained ? NEXT_MEASURED : NEXT, 1)
}

/** Lets no requests be measured but the first so many; those on their way are answered. */
export function stopMeasuring(control: Control, requests: number): void {
  Atomics.store(control.counters, MOST_MEASURED, requests)
}

/** How many requests may be measured, as of now. */
export function mostMeasured(control: Control): number {
  return Atomics.load(control.counters, MOST_MEASURED)
}

/** Counts a request that has ended; those that only hold the load are no part of any progress. */
export function countDone(control: Control, phase: RequestPhase): void {
  if (phase === 'after') return
  Atomics.add(control.counters, phase === 'warm-up' ? DONE_WARMUP : DONE_MEASURED, 1)
}

export function doneSoFar(control: Control): {
  readonly warmup: number
  readonly measured: number
  /** Barriers passed. */
  readonly phase: number
} {
  return {
    warmup: Atomics.load(control.counters, DONE_WARMUP),
    measured: Atomics.load(control.counters, DONE_MEASURED),
    phase: Atomics.load(control.counters, PHASE),
  }
}

/** Waits until all threads are here; resolves with the monotonic time at which they start together. */
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

/** Resolves when all threads of a held start wait at their barrier of this number, counted from 0. */
export async function gathered(control: Control, barrier: number): Promise<void> {
  await changeFrom(control.counters, GATHERED, barrier)
}

/** Lets the threads that wait at the barrier go at a monotonic time, ms. */
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

/** A clock that all threads of the process share, ms; `performance.now()` counts from each thread's own start. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** When the phases of a measurement began, ms of {@link monotonicMs}: warm-up, measurement window, end of the load. */
export function phaseStarts({ starts }: Control): {
  readonly warmupMs: number
  readonly measuredMs: number
  readonly releasedMs: number
} {
  const [warmupMs = Number.NaN, measuredMs = Number.NaN, releasedMs = Number.NaN] = starts
  return { warmupMs, measuredMs, releasedMs }
}

/** What to add to this thread's `performance.now()` to get {@link monotonicMs}: the closest of a few readings. */
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
