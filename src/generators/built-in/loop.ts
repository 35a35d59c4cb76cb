import type { RequestPhase } from '../../metrics/records.ts'
import type { Connection } from './connection.ts'
import type { ReadableClock } from './readable-clock.ts'
import type { Session } from './sessions.ts'

/**
 * What decides when requests are sent: a closed or an open loop. It may begin before the measurement window and go on
 * after it.
 */
export interface Loop {
  /** Resolves when this thread's part of the warm-up is done: measuring may begin. */
  readonly warm: Promise<void>
  /** Resolves when every measured request of this thread has ended, and none is to come. */
  readonly answered: Promise<void>
  /** Resolves when nothing is left to send and nothing in flight. */
  readonly finished: Promise<void>
  /** What the request on a connection is for; null without one. */
  phaseOf(connection: Connection): RequestPhase | null
  /** A connection's request has ended. */
  free(connection: Connection): void
  /** Time and grace are over: no measured request that waits in line is sent any more. */
  giveUp(): void
  /** Sends nothing more. */
  stop(): void
}

/** One request to be sent. */
export interface Sending {
  readonly phase: RequestPhase
  /** Place in the order of the request set, counted over all threads. */
  readonly number: number
  readonly scheduled: number
  readonly session: Session | null
  /** What decided when, of a request that waited for an answer. */
  readonly by?: 'answer' | 'schedule'
}

/** What a loop works with. */
export interface LoopContext {
  readonly connections: readonly Connection[]
  readonly clock: ReadableClock
  /** Which thread this is, of how many. */
  readonly thread: number
  readonly threads: number
  send(connection: Connection, sending: Sending): void
  /** Requests of a session that are not sent, as one before them failed or the load is over. */
  skipped(count: number): void
  /** A request that will be sent soon. */
  prepare(number: number): void
  /** Another connection, opened when it is first used. */
  addConnection(): Connection
}
