import type { Seen } from './observe.ts'
import type { GpuSample, TimedSample } from './sample.ts'

/** State of one source. */
export interface Source {
  readonly what: string
  readonly seen: Seen
  trouble: string | null
  readonly spoke: Promise<void>
  /** The latest complete sample of each GPU, and when it arrived. */
  readonly latest: Map<string, TimedSample>
  stop(): Promise<void>
  /** Takes one more sample, for sources that are polled. */
  last(): Promise<void>
}

/** Milliseconds of the wall clock, without its jumps. */
export const nowMs = () => performance.timeOrigin + performance.now()

/** Whether a sample has more than counters. */
export const isWhole = ({ powerW, utilization }: GpuSample): boolean => powerW !== null || utilization !== null
