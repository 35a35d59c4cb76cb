import type { RequestPhase } from '../../metrics/records.ts'
import { isWarm } from '../../model/index.ts'
import type { Connection } from './connection.ts'
import type { Loop, LoopContext, Sending } from './loop.ts'
import { pace } from './pacer.ts'

/** Arrivals of one phase, counted over all threads. */
export interface Arrivals {
  readonly phase: RequestPhase
  readonly startAt: number
  /** When this thread's next request is due, ms after the start, ascending; infinity after the last. */
  next(): number
  /** Number of this thread's so-manieth request. */
  numberOf(index: number): number
}

/** How long an open loop warms up on this thread. */
export interface OpenWarmUp {
  /** Requests that it is to send at least; null without a warm-up. */
  readonly wanted: number | null
  readonly startAt: number
  /** How long the window is. */
  readonly windowMs: number
}

/** An open loop's streams of arrivals are added one by one: before the window, in it, and after it. */
export interface OpenLoop extends Loop {
  /** Begins a stream; the one before it sends nothing that is due later. */
  add(arrivals: Arrivals): void
}

/**
 * Sends on a schedule, whatever the answers do. A request that no connection is free for waits in line, and its latency
 * counts from when it was due all the same: what was left out is what a user would have waited.
 *
 * @param most requests in flight on this thread above which a due one waits
 */
export function openLoop(most: number, warmUp: OpenWarmUp, context: LoopContext): OpenLoop {
  const { connections } = context
  const idle = [...connections]
  const phases = new Map<Connection, RequestPhase>()
  const waiting: Sending[] = []
  let served = 0
  const warm = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const finished = Promise.withResolvers<void>()
  /** Measured requests that are due, waiting or in flight; null before their stream. */
  let measuring: number | null = null
  /** When the stream that was added last began. */
  let newestAt = Number.NEGATIVE_INFINITY
  let stopped = false
  let warmAnswered = 0
  let longestLatencyMs = 0
  let shortestLatencyMs = Number.POSITIVE_INFINITY

  const lookIfWarm = () => {
    if (warmUp.wanted === null) return
    const elapsedMs = performance.now() - warmUp.startAt
    const soFar = { wanted: warmUp.wanted, answered: warmAnswered, elapsedMs, longestLatencyMs, shortestLatencyMs }
    if (isWarm(soFar, warmUp.windowMs)) warm.resolve()
  }
  const ended = () => {
    if (measuring === 0) answered.resolve()
    if (stopped && phases.size === 0) finished.resolve()
  }
  const send = (connection: Connection, sending: Sending) => {
    phases.set(connection, sending.phase)
    context.send(connection, sending)
  }
  const free = (connection: Connection) => {
    const phase = phases.get(connection)
    phases.delete(connection)
    if (phase === 'measured' && measuring !== null) measuring -= 1
    if (phase === 'warm-up') {
      warmAnswered += 1
      const latencyMs = connection.exchange.endAt - connection.exchange.sentAt
      longestLatencyMs = Math.max(longestLatencyMs, latencyMs)
      shortestLatencyMs = Math.min(shortestLatencyMs, latencyMs)
    }
    const next = stopped ? undefined : waiting[served]
    if (next === undefined) idle.push(connection)
    else {
      served += 1
      send(connection, next)
    }
    ended()
  }
  const take = (sending: Sending) => {
    const connection = idle.pop() ?? (connections.length < most ? context.addConnection() : undefined)
    if (connection === undefined) waiting.push(sending)
    else send(connection, sending)
  }
  const warming = setInterval(lookIfWarm, 5)
  void warm.promise.then(() => clearInterval(warming))
  if (warmUp.wanted === null) warm.resolve()
  return {
    warm: warm.promise,
    answered: answered.promise,
    finished: finished.promise,
    phaseOf: connection => phases.get(connection) ?? null,
    free,
    add: ({ phase, startAt, next, numberOf }) => {
      newestAt = startAt
      let sent = 0
      // The next due time is looked at more than once before it is taken.
      let dueAt = startAt + next()
      const isOver = () => stopped || dueAt === Number.POSITIVE_INFINITY || (newestAt > startAt && dueAt > newestAt)
      const expectOne = () => {
        if (phase === 'measured') measuring = (measuring ?? 0) + (isOver() ? 0 : 1)
      }
      expectOne()
      pace(
        () => (isOver() ? Number.NaN : dueAt),
        (_, due) => {
          dueAt = startAt + next()
          expectOne()
          take({ phase, number: numberOf(sent++), scheduled: due })
        },
        'exact',
      )
      ended()
    },
    giveUp: () => {
      const left = waiting.slice(served)
      waiting.length = served
      waiting.push(...left.filter(sending => sending.phase !== 'measured'))
      if (measuring !== null) measuring -= left.length - (waiting.length - served)
      ended()
    },
    stop: () => {
      if (stopped) return
      stopped = true
      clearInterval(warming)
      ended()
    },
  }
}
