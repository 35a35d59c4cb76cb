import { Histogram } from '../../metrics/histogram.ts'
import type { SessionsSeen } from './job.ts'
import type { Sending } from './loop.ts'

/** Counts a thread's observations of sessions. */
export interface SessionsCount {
  /** Called when a measured request is about to be sent. */
  begun(sending: Sending): void
  /** Called when a request that waited for an answer was sent, with its lateness. */
  sent(latenessMs: number): void
  toState(skipped: number): SessionsSeen
}

/** Counter of one thread's sessions, initially empty. */
export function createSessionsSeen(): SessionsCount {
  const ids = new Set<string>()
  const lateness = new Histogram()
  let [byAnswer, bySchedule] = [0, 0]
  return {
    begun({ session, by }) {
      if (session !== null) ids.add(session.id)
      if (by === 'answer') byAnswer += 1
      else if (by === 'schedule') bySchedule += 1
    },
    sent: latenessMs => lateness.record(latenessMs),
    toState: skipped => ({ sessions: ids.size, byAnswer, bySchedule, skipped, lateness: lateness.toState() }),
  }
}
