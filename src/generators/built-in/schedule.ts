import type { ArrivalLimit, Load, ScheduledLevel } from '../../model/index.ts'
import { defined, mostWarmup, ratesAround, windowOf } from '../../model/index.ts'
import { arrivalTimesMs } from '../arrivals.ts'
import { sharedFloat64 } from '../prompt-set.ts'
import type { Trace } from '../trace.ts'
import { traceTimesMs } from '../trace.ts'
import type { LoadAround, Schedule } from './job.ts'

/**
 * When a load sends: a closed loop's concurrency, or an open loop's due times. If each request begins a conversation of
 * `turns` turns, these are the due times of first requests. `trace` is the file of a trace load.
 */
export function scheduleOf(load: Load, trace: Trace | null, turns = 1): Schedule {
  const { level } = load
  switch (level.kind) {
    case 'concurrency':
      // A moving window may begin with any of these requests.
      return {
        ...{ kind: 'closed', concurrency: level.concurrency },
        requests: load.requests === undefined ? null : mostWarmup(load) - load.warmup + load.requests,
      }
    case 'rate':
    case 'stages': {
      const dueMs = sharedFloat64(arrivalTimesMs(level, arrivalsOf(load, turns), load.seed))
      const around = windowOf(load) === 'steady' ? aroundOf(level, load, dueMs.at(-1) ?? 0) : null
      return { kind: 'open', dueMs, maxConcurrency: level.maxConcurrency ?? null, around }
    }
    case 'trace': {
      if (trace === null) throw new Error('a trace load needs its trace')
      const endMs = load.durationS === undefined ? Number.POSITIVE_INFINITY : load.durationS * 1000
      const times = traceTimesMs(trace, level.speed).filter(
        (at, index) => at < endMs && index < (load.requests ?? Number.POSITIVE_INFINITY),
      )
      return {
        ...{ kind: 'open', dueMs: sharedFloat64(times), maxConcurrency: level.maxConcurrency ?? null, around: null },
        ...defined({ users: level.users }),
      }
    }
  }
}

/** Counts arrivals of sessions, not of their requests. */
function arrivalsOf({ requests, durationS }: Load, turns: number): ArrivalLimit {
  return defined({ requests: requests === undefined ? undefined : Math.ceil(requests / turns), durationS })
}

function aroundOf(level: ScheduledLevel, load: Load, lastDueMs: number): LoadAround | null {
  const rates = ratesAround(level)
  if (rates === null) return null
  const windowMs = load.durationS === undefined ? lastDueMs : load.durationS * 1000
  return { ...rates, arrivals: level.arrivals, seed: load.seed, part: 0, parts: 1, windowMs }
}

/** With fewer connections, another thread costs more than it helps. */
const connectionsPerThread = 256

/** Number of threads for a schedule; leaves one core to the rest of the system. */
export function threadsFor(schedule: Schedule, cores: number): number {
  const connections =
    schedule.kind === 'closed'
      ? schedule.concurrency
      : (schedule.users ?? schedule.maxConcurrency ?? connectionsPerThread)
  return Math.max(1, Math.min(cores - 1, Math.ceil(connections / connectionsPerThread)))
}
