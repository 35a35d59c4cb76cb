import type { RequestPhase } from '../../metrics/records.ts'
import { startGapMs } from '../../model/index.ts'
import type { Connection } from './connection.ts'
import type { Loop, LoopContext } from './loop.ts'
import { Outbox } from './outbox.ts'
import { pace } from './pacer.ts'
import type { Follow, Following, Session } from './sessions.ts'

/** Delay after a failed connection, to avoid a busy loop against a server that refuses connections. */
const reconnectPauseMs = 20

/** The slots of a closed loop, and their work. */
export interface ClosedLoopOptions {
  readonly startAt: number
  /** Number of requests in a conversation; 1 without turns. */
  readonly turns: number
  /** Successors of each request. */
  readonly follow: Follow
  /** Index of the next conversation, from a counter that all threads share. */
  takeNumber(): number
  /** Phase of a conversation that starts now; null if no more may start. Phases follow each other in order. */
  phaseOf(number: number, scheduled: number): RequestPhase | null
}

/** The conversation of a connection. */
interface Held {
  readonly number: number
  readonly phase: RequestPhase
  /** Its request that is in flight or due next. */
  request: number
  readonly session: Session
}

/**
 * Keeps every connection busy: each request is sent as soon as the previous one has ended. A conversation stays on its
 * connection and ends if an answer fails.
 */
export function closedLoop(options: ClosedLoopOptions, context: LoopContext): Loop {
  const { connections, thread, threads } = context
  const held = new Map<Connection, Held>()
  const warm = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const finished = Promise.withResolvers<void>()
  let measuring = 0
  let noneToCome = false
  let stopped = false
  let idle = 0

  const begin = (phase: RequestPhase | null) => {
    if (phase !== 'warm-up') warm.resolve()
    if (phase === 'measured') measuring += 1
    else if (phase !== 'warm-up') noneToCome = true
    if (noneToCome && measuring === 0) answered.resolve()
  }
  const over = (connection: Connection) => {
    if (held.get(connection)?.phase === 'measured') measuring -= 1
    held.delete(connection)
  }
  const sendNext = (connection: Connection, scheduled: number) => {
    const number = stopped ? 0 : options.takeNumber()
    const phase = stopped ? null : options.phaseOf(number, scheduled)
    begin(phase)
    if (phase === null) {
      if (++idle === connections.length) finished.resolve()
      return
    }
    const session = { id: `${number}`, startedAt: performance.now(), phase, history: '' }
    const request = number * options.turns
    held.set(connection, { number, phase, request, session })
    context.send(connection, { phase, number: request, scheduled, session })
  }
  const sendTurn = (connection: Connection, conversation: Held, { number, dueAt: due, by }: Following) => {
    conversation.request = number
    const { phase, session } = conversation
    // Timers drop fractions of a millisecond; rounding up keeps think times from being too short.
    const waitMs = Math.max(0, Math.ceil(due - performance.now()))
    setTimeout(() => {
      if (stopped) {
        over(connection)
        sendNext(connection, due)
      } else context.send(connection, { phase, number, scheduled: due, session, by })
    }, waitMs)
  }
  const outbox = new Outbox<Connection>(context.clock, connection => sendNext(connection, connection.exchange.at))
  const due = (index: number) =>
    index < connections.length ? options.startAt + (index * threads + thread) * startGapMs : Number.NaN
  const start = (index: number, at: number) => {
    const connection = connections[index]
    if (connection !== undefined) sendNext(connection, at)
  }
  // Polling for exact times would take the core from a server on the same machine at a critical moment.
  pace(due, start, 'timer')
  if (connections.length === 0) for (const promise of [warm, answered, finished]) promise.resolve()
  return {
    warm: warm.promise,
    answered: answered.promise,
    finished: finished.promise,
    phaseOf: connection => held.get(connection)?.phase ?? null,
    free: connection => {
      const kind = connection.exchange.failure?.kind
      const conversation = held.get(connection)
      if (conversation !== undefined) {
        const { next, skipped } = options.follow.after(
          conversation.request,
          connection.exchange.endAt,
          kind === undefined,
        )
        if (skipped > 0) context.skipped(skipped, { phase: conversation.phase, number: conversation.request })
        const [turn] = next
        if (turn !== undefined) {
          sendTurn(connection, conversation, turn)
          return
        }
      }
      over(connection)
      if (kind === 'connect' || kind === 'tls' || kind === 'no-socket')
        setTimeout(() => sendNext(connection, performance.now()), reconnectPauseMs)
      else outbox.add(connection)
    },
    giveUp: () => {},
    stop: () => {
      stopped = true
    },
  }
}
