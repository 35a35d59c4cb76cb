import { startGapMs } from '../../model/index.ts'
import type { Connection } from './connection.ts'
import type { Loop, LoopContext, Sending } from './loop.ts'
import type { Follow, Following, Session, SessionPlan } from './sessions.ts'

/** Users who replay sessions one after another. */
export interface UserLoopOptions {
  readonly startAt: number
  /** Users of this thread. */
  readonly users: number
  readonly plan: SessionPlan
  /** Sessions of this thread in starting order. */
  readonly sessions: readonly ReplayedSession[]
  /** Requests that follow each request. The times of a session count from the start by its user. */
  follow(startedAt: (session: number) => number): Follow
}

/** A session of a replay. */
export interface ReplayedSession {
  readonly number: number
  /** Requests that wait for no answer, and when each is due in ms after the session's start. */
  readonly firsts: readonly { readonly number: number; readonly afterMs: number }[]
  readonly requests: number
}

/** Sessions of a plan that a thread replays, in starting order. */
export function replayedSessions(plan: SessionPlan, thread: number, threads: number): readonly ReplayedSession[] {
  const found = new Map<number, { number: number; firsts: { number: number; afterMs: number }[]; requests: number }>()
  const startMs = sessionStarts(plan)
  for (const [row, number] of plan.session.entries()) {
    if (number % threads !== thread) continue
    const session = found.get(number) ?? { number, firsts: [], requests: 0 }
    found.set(number, session)
    session.requests += 1
    if (plan.waitsFor[row] === 0)
      session.firsts.push({ number: row, afterMs: (plan.dueMs[row] ?? 0) - (startMs.get(number) ?? 0) })
  }
  return [...found.values()]
}

/** Recorded start of each session. */
export function sessionStarts({ session, dueMs }: Pick<SessionPlan, 'session' | 'dueMs'>): ReadonlyMap<number, number> {
  const starts = new Map<number, number>()
  for (const [row, number] of session.entries()) if (!starts.has(number)) starts.set(number, dueMs[row] ?? 0)
  return starts
}

/**
 * Simulates a number of users, each of whom begins the next session when the previous one has ended. Requests of a
 * session follow its answers, recorded delays and recorded times since the session's start. Several may be in flight.
 */
export function userLoop(options: UserLoopOptions, context: LoopContext): Loop {
  const { connections } = context
  const idle = [...connections]
  const held = new Map<Connection, Sending>()
  const startedAt = new Map<number, number>()
  const follow = options.follow(session => startedAt.get(session) ?? Number.NaN)
  /** Number of requests in each active session that have not ended. */
  const left = new Map<number, number>()
  const timers = new Set<NodeJS.Timeout>()
  const answered = Promise.withResolvers<void>()
  const finished = Promise.withResolvers<void>()
  let begun = 0
  let playing = 0
  let stopped = false

  const at = (dueAt: number, then: () => void) => {
    // Timers drop fractions of a millisecond; rounding up ensures that nothing is sent early.
    const timer = setTimeout(
      () => {
        timers.delete(timer)
        if (!stopped) then()
      },
      Math.max(0, Math.ceil(dueAt - performance.now())),
    )
    timers.add(timer)
  }
  const send = (sending: Sending) => {
    const connection = idle.pop() ?? context.addConnection()
    held.set(connection, sending)
    context.send(connection, sending)
  }
  const expect = (session: Session, { number, dueAt, by }: Following | (Omit<Following, 'by'> & { by?: never })) => {
    context.prepare(number)
    at(dueAt, () => send({ phase: 'measured', number, scheduled: dueAt, session, ...(by === undefined ? {} : { by }) }))
  }
  const ended = () => {
    if (playing > 0 && !stopped) return
    answered.resolve()
    if (held.size === 0) finished.resolve()
  }
  const beginAt = (now: number) => {
    const next = stopped ? undefined : options.sessions[begun]
    if (next === undefined) return
    begun += 1
    playing += 1
    startedAt.set(next.number, now)
    left.set(next.number, next.requests)
    const session: Session = { id: `${next.number}`, startedAt: now, phase: 'measured', history: '' }
    for (const { number, afterMs } of next.firsts) expect(session, { number, dueAt: now + afterMs })
  }
  const over = (session: number, requests: number, now: number) => {
    const more = (left.get(session) ?? 0) - requests
    left.set(session, more)
    if (more > 0) return
    left.delete(session)
    startedAt.delete(session)
    playing -= 1
    beginAt(now)
  }
  for (let user = 0; user < options.users; user++) beginAt(options.startAt + user * startGapMs)
  ended()
  return {
    warm: Promise.resolve(),
    answered: answered.promise,
    finished: finished.promise,
    phaseOf: connection => held.get(connection)?.phase ?? null,
    free: connection => {
      const sending = held.get(connection)
      held.delete(connection)
      idle.push(connection)
      if (sending === undefined || sending.session === null) return
      const { endAt, failure } = connection.exchange
      const { next, skipped } = follow.after(sending.number, endAt, failure === null)
      if (skipped > 0) context.skipped(skipped, sending)
      if (!stopped) for (const following of next) expect(sending.session, following)
      over(Number(sending.session.id), 1 + skipped, endAt)
      ended()
    },
    giveUp: () => {},
    stop: () => {
      stopped = true
      for (const timer of timers) clearTimeout(timer)
      ended()
    },
  }
}
