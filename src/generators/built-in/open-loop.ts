import type { RequestPhase } from '../../metrics/records.ts'
import { isWarm } from '../../model/index.ts'
import type { Connection } from './connection.ts'
import type { Loop, LoopContext, Sending } from './loop.ts'
import { pace } from './pacer.ts'
import type { Follow, Following, Session } from './sessions.ts'

/** Arrivals of one phase, counted over all threads. */
export interface Arrivals {
  readonly phase: RequestPhase
  readonly startAt: number
  /** When this thread's next request is due, in ms after the start, ascending; infinity after the last. */
  next(): number
  /** Number of this thread's n-th request. */
  numberOf(index: number): number
  /** Requests that follow answers are also measured until this time; absent if they have the phase of their session. */
  readonly measuredUntil?: number
  /** Its session; default: a separate one per request. */
  sessionOf?(index: number): number
}

/** Duration of an open loop's warm-up on this thread. */
export interface OpenWarmUp {
  /** Minimum requests to send; null without a warm-up. */
  readonly wanted: number | null
  readonly startAt: number
  /** Length of the window. */
  readonly windowMs: number
}

/** Sessions of an open loop: their first requests arrive, and the others follow answers. */
export interface OpenSessions {
  readonly follow: Follow
  /** Phase of a request that becomes due at this time; null for the phase of the one before it. */
  phaseAt(dueAt: number): RequestPhase | null
}

/** An open loop. Streams of arrivals are added one by one: before the window, in it, and after it. */
export interface OpenLoop extends Loop {
  /** Begins a stream. The previous one sends nothing that is due after this. */
  add(arrivals: Arrivals): void
}

/**
 * Sends on schedule, independent of responses. If no connection is free, a request waits in a queue. Its latency still
 * counts from its due time, because a user would have waited too.
 *
 * @param most requests in flight on this thread, above which a due request waits
 * @param sessions requests that follow each request; null without any
 */
export function openLoop(
  most: number,
  warmUp: OpenWarmUp,
  context: LoopContext,
  sessions: OpenSessions | null = null,
): OpenLoop {
  const { connections } = context
  const idle = [...connections]
  const held = new Map<Connection, Sending>()
  /** Requests that will become due because of an answer that has arrived. */
  const coming = new Map<NodeJS.Timeout, RequestPhase>()
  const waiting: Sending[] = []
  let served = 0
  const warm = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const finished = Promise.withResolvers<void>()
  /** Measured requests that are due, waiting or in flight; null before their stream begins. */
  let measuring: number | null = null
  /** When the most recently added stream began. */
  let newestAt = Number.NEGATIVE_INFINITY
  let stopped = false
  /** Cancels the remaining arrivals of the stream that was added last. */
  let cut = () => {}
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
    if (stopped && held.size === 0) finished.resolve()
  }
  const send = (connection: Connection, sending: Sending) => {
    held.set(connection, sending)
    context.send(connection, sending)
  }
  const free = (connection: Connection) => {
    const sending = held.get(connection)
    held.delete(connection)
    const { exchange } = connection
    const after = sending === undefined ? null : followersOf(sending, exchange.endAt, exchange.failure === null)
    for (const following of after ?? []) expect(sending as Sending, following)
    if (sending?.phase === 'measured' && measuring !== null) measuring -= 1
    // A load of sessions is warm once complete sessions have ended.
    if (sending?.phase === 'warm-up' && (after ?? []).length === 0) {
      warmAnswered += 1
      const latencyMs = exchange.endAt - (sessions === null ? exchange.sentAt : (sending.session?.startedAt ?? 0))
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
  const followersOf = ({ number, phase }: Sending, endAt: number, ok: boolean): readonly Following[] => {
    if (sessions === null) return []
    const { next, skipped } = sessions.follow.after(number, endAt, ok)
    if (skipped > 0) context.skipped(skipped, { phase, number })
    return next
  }
  const expect = ({ phase, session }: Sending, { number, dueAt, by }: Following) => {
    if (stopped) return
    context.prepare(number)
    const fixed = sessions?.phaseAt(dueAt) == null
    if (fixed && phase === 'measured') measuring = (measuring ?? 0) + 1
    const timer = setTimeout(
      () => {
        coming.delete(timer)
        if (stopped) return
        // Uses the phase at the due time, because the window may begin before then.
        const due = fixed ? phase : (sessions?.phaseAt(dueAt) ?? phase)
        if (!fixed && due === 'measured') measuring = (measuring ?? 0) + 1
        take({ phase: due, number, scheduled: dueAt, session, by })
      },
      Math.max(0, Math.ceil(dueAt - performance.now())),
    )
    coming.set(timer, fixed ? phase : 'after')
  }
  /** Answers may make requests due until this time, so the measurement does not end before it. */
  const holdUntil = (at: number) => {
    measuring = (measuring ?? 0) + 1
    setTimeout(
      () => {
        if (measuring !== null) measuring -= 1
        ended()
      },
      Math.max(0, at - performance.now()),
    )
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
    phaseOf: connection => held.get(connection)?.phase ?? null,
    free,
    add: ({ phase, startAt, next, numberOf, sessionOf, measuredUntil }) => {
      newestAt = startAt
      cut()
      let sent = 0
      // Keeps the next due time, because it is read several times before it is used.
      let dueAt = startAt + next()
      const isOver = () => stopped || dueAt === Number.POSITIVE_INFINITY || (newestAt > startAt && dueAt > newestAt)
      const expectOne = () => {
        if (phase === 'measured') measuring = (measuring ?? 0) + (isOver() ? 0 : 1)
      }
      expectOne()
      // A later stream may begin earlier than expected, which cancels the remaining arrivals of this one.
      let expected = dueAt < Number.POSITIVE_INFINITY
      cut = () => {
        if (phase === 'measured' && expected && isOver()) {
          expected = false
          measuring = (measuring ?? 1) - 1
        }
      }
      if (measuredUntil !== undefined) holdUntil(measuredUntil)
      pace(
        () => (isOver() ? Number.NaN : dueAt),
        (_, due) => {
          dueAt = startAt + next()
          expected = !isOver()
          expectOne()
          const index = sent++
          const session: Session | null =
            sessions === null
              ? null
              : { id: `${phase}-${sessionOf?.(index) ?? numberOf(index)}`, startedAt: due, phase, history: '' }
          take({ phase, number: numberOf(index), scheduled: due, session })
          setImmediate(() => context.prepare(numberOf(sent)))
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
      for (const [timer, phase] of coming) {
        if (phase !== 'measured') continue
        clearTimeout(timer)
        coming.delete(timer)
        context.skipped(1, { phase, number: Number.NaN })
        if (measuring !== null) measuring -= 1
      }
      ended()
    },
    stop: () => {
      if (stopped) return
      stopped = true
      clearInterval(warming)
      for (const timer of coming.keys()) clearTimeout(timer)
      ended()
    },
  }
}
