import type { Lane } from './lane.ts'
import type { Loop, LoopContext } from './loop.ts'
import { pace } from './pacer.ts'

/** What an open loop sends when. */
export interface OpenLoopOptions {
  readonly startAt: number
  /** Due times of all threads' requests, ms after the start, ascending. */
  readonly dueMs: Float64Array
  /** Requests in flight on this thread above which a due one waits. */
  readonly most: number
}

/**
 * Sends on a schedule, whatever the answers do. A request that no lane is free for waits in line, and its latency counts
 * from when it was due all the same: what was left out is what a user would have waited.
 */
export function openLoop(options: OpenLoopOptions, context: LoopContext): Loop {
  const { dueMs, startAt, most } = options
  const { thread, threads, lanes } = context
  const mine = Math.max(0, Math.ceil((dueMs.length - thread) / threads))
  const numberOf = (index: number) => index * threads + thread
  const idle = [...lanes]
  const waiting: { readonly number: number; readonly due: number }[] = []
  let served = 0
  let left = mine
  let stopped = false
  let finish = () => {}
  const finished = new Promise<void>(resolve => {
    finish = resolve
  })
  const done = (count: number) => {
    left -= count
    if (left <= 0) finish()
  }
  const free = (lane: Lane) => {
    const next = stopped ? undefined : waiting[served]
    if (next === undefined) idle.push(lane)
    else {
      served += 1
      context.send(lane, next.number, next.due)
    }
    done(1)
  }
  pace(
    index => (index < mine && !stopped ? startAt + (dueMs[numberOf(index)] ?? Number.NaN) : Number.NaN),
    (index, due) => {
      const lane = idle.pop() ?? (lanes.length < most ? context.addLane() : undefined)
      if (lane === undefined) waiting.push({ number: numberOf(index), due })
      else context.send(lane, numberOf(index), due)
    },
    'exact',
  )
  done(0)
  return {
    finished,
    free,
    stop: () => {
      if (stopped) return
      stopped = true
      done(waiting.length - served)
    },
  }
}
