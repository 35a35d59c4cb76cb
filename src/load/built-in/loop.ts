import type { Lane } from './lane.ts'
import type { ReadableClock } from './readable-clock.ts'

/** What decides when requests are sent: a closed or an open loop. */
export interface Loop {
  /** Resolves when nothing is left to send and nothing in flight. */
  readonly finished: Promise<void>
  /** A lane's request has ended. */
  free(lane: Lane): void
  /** Sends nothing more. */
  stop(): void
}

/** What a loop works with. Requests are known by their number, counted over all threads. */
export interface LoopContext {
  readonly lanes: readonly Lane[]
  readonly clock: ReadableClock
  /** Which thread this is, of how many. */
  readonly thread: number
  readonly threads: number
  send(lane: Lane, number: number, scheduled: number): void
  /** Another lane, whose connection is opened when it is first used. */
  addLane(): Lane
}
