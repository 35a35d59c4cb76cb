import type { Load } from '../../point/index.ts'
import { FulcrumError } from '../../point/index.ts'
import { arrivalTimesMs } from '../arrivals.ts'
import { sharedFloat64 } from '../prompt-set.ts'
import type { Schedule } from './job.ts'

/** When a load sends: a closed loop's concurrency, or an open loop's due times. */
export function scheduleOf(load: Load): Schedule {
  const { level } = load
  switch (level.kind) {
    case 'concurrency':
      return { kind: 'closed', concurrency: level.concurrency, requests: load.requests ?? null }
    case 'rate':
    case 'stages': {
      const dueMs = sharedFloat64(arrivalTimesMs(level, load, load.seed))
      return { kind: 'open', dueMs, maxConcurrency: level.maxConcurrency ?? null }
    }
    case 'trace':
      throw new FulcrumError('bad-input', 'trace-unsupported', 'the built-in generator does not replay traces yet')
  }
}

/** Slots below which another thread costs more than it helps. */
const lanesPerThread = 256

/** Threads for a schedule: one core is left to the rest of the system. */
export function threadsFor(schedule: Schedule, cores: number): number {
  const lanes = schedule.kind === 'closed' ? schedule.concurrency : (schedule.maxConcurrency ?? lanesPerThread)
  return Math.max(1, Math.min(cores - 1, Math.ceil(lanes / lanesPerThread)))
}
