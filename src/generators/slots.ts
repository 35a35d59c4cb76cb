import type { Slots } from '../metrics/in-flight.ts'
import type { Load } from '../model/index.ts'

/** Slots that a load's closed loop keeps busy; null for an open loop. */
export function slotsOf(load: Load, plan: Pick<Slots, 'turns' | 'thinkMs' | 'startGapMs'>): Slots | null {
  if (load.level.kind !== 'concurrency') return null
  return {
    ...plan,
    concurrency: load.level.concurrency,
    // Conversations always run to their end.
    conversations: load.requests === undefined ? null : Math.ceil(load.requests / plan.turns),
    stopMs: load.durationS === undefined ? null : load.durationS * 1000,
  }
}
