import type { RequestPhase } from '../../metrics/records.ts'
import type { Connection } from './connection.ts'
import type { ReadableClock } from './readable-clock.ts'
import type { Session } from './sessions.ts'

/**
 * Decides when requests are sent: a closed or an open loop. It may begin before the measurement window and continue
 * after it.
 */
export interface Loop {
  /** Resolves when this thread's part of the warm-up is done, so that measuring may begin. */
  readonly warm: Promise<void>
  /** Resolves when every measured request of this thread has ended and no more will start. */
  readonly answered: Promise<void>
  /** Resolves when nothing remains to send or in flight. */
  readonly finished: Promise<void>
  /** Phase of the request on a connection; null without one. */
  phaseOf(connection: Connection): RequestPhase | null
  /** Called when a connection's request has ended. */
  free(connection: Connection): void
  /** Called when the time and the grace period are over. Measured requests that still wait are not sent. */
  giveUp(): void
  /** Stops sending. */
  stop(): void
}

/** A request to send. */
export interface Sending {
  readonly phase: RequestPhase
  /** Position in the request set's order, counted over all threads. */
  readonly number: number
  readonly scheduled: number
  readonly session: Session | null
  /** What determined the time of a request that waited for an answer. */
  readonly by?: 'answer' | 'schedule'
}

/** Dependencies of a loop. */
export interface LoopContext {
  readonly connections: readonly Connection[]
  readonly clock: ReadableClock
  /** Index of this thread, and the number of threads. */
  readonly thread: number
  readonly threads: number
  send(connection: Connection, sending: Sending): void
  /** Reports requests of a session that are not sent because the one before them failed or the load is over. */
  skipped(count: number, before: Pick<Sending, 'phase' | 'number'>): void
  /** Announces a request that will be sent soon. */
  prepare(number: number): void
  /** Adds a connection that opens on first use. */
  addConnection(): Connection
}
