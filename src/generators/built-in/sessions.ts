import type { RequestPhase } from '../../metrics/records.ts'
import type { Random } from '../../model/index.ts'
import { sharedFloat64, sharedUint32 } from '../prompt-set.ts'
import { beforeOf, type TraceSessions } from '../trace-sessions.ts'

/** State that the requests of one session share. */
export interface Session {
  /** Sent to servers that route by it. */
  readonly id: string
  readonly startedAt: number
  /** Phase for which it began. */
  readonly phase: RequestPhase
  /** Conversation so far: JSON messages separated by commas; see conversation.ts. */
  history: string
}

/** The requests of a replay that follow each request, as columns that threads share. */
export interface SessionPlan {
  /** Recorded time of each request in ms after the start of the replay, scaled by its speed. */
  readonly dueMs: Float64Array
  /** Where the followers of each request begin in {@link next}, and the end of the last. */
  readonly nextOffsets: Uint32Array
  readonly next: Uint32Array
  /** Number of answers that each request waits for. */
  readonly waitsFor: Uint32Array
  /** Time from the last of those answers to the request; NaN if its recorded time decides. */
  readonly delayMs: Float64Array
  readonly session: Uint32Array
  readonly turn: Uint32Array
}

/** Sessions of a trace without dependencies: each request is a separate session. */
export function singleRequests(count: number): TraceSessions {
  const rows = Uint32Array.from({ length: count }, (_, row) => row)
  const none = new Uint32Array(0)
  return {
    count,
    of: rows,
    turn: new Uint32Array(count),
    afterOffsets: new Uint32Array(count + 1),
    after: none,
    delayMs: new Float64Array(count).fill(Number.NaN),
  }
}

/** @param dueMs scaled by the speed of the replay */
export function sessionPlan(sessions: TraceSessions, dueMs: Float64Array, speed: number): SessionPlan {
  const count = dueMs.length
  const { afterOffsets } = sessions
  // A replay may end before a request that others wait for.
  const waitsFor = Uint32Array.from(
    { length: count },
    (_, row) => beforeOf(sessions, row).filter(before => before < count).length,
  )
  const nextOffsets = new Uint32Array(count + 1)
  const after = sessions.after.subarray(0, afterOffsets[count])
  for (const before of after) if (before < count) nextOffsets[before + 1] = (nextOffsets[before + 1] ?? 0) + 1
  for (let row = 0; row < count; row++) nextOffsets[row + 1] = (nextOffsets[row + 1] ?? 0) + (nextOffsets[row] ?? 0)
  const free = nextOffsets.slice()
  const next = new Uint32Array(nextOffsets[count] ?? 0)
  for (let row = 0; row < count; row++) {
    for (let at = afterOffsets[row] ?? 0; at < (afterOffsets[row + 1] ?? 0); at++) {
      const before = after[at] ?? 0
      if (before >= count) continue
      const place = free[before] ?? 0
      next[place] = row
      free[before] = place + 1
    }
  }
  return {
    dueMs,
    nextOffsets: sharedUint32(nextOffsets),
    next: sharedUint32(next),
    waitsFor: sharedUint32(waitsFor),
    delayMs: sharedFloat64(sessions.delayMs.subarray(0, count).map(delay => delay / speed)),
    session: sharedUint32(sessions.of.subarray(0, count)),
    turn: sharedUint32(sessions.turn.subarray(0, count)),
  }
}

/** A request that becomes due because of an answer. */
export interface Following {
  readonly number: number
  readonly dueAt: number
  /** Whether the answer or the schedule determined when. */
  readonly by: 'answer' | 'schedule'
}

/** Consequences of a request's end. */
export interface Follow {
  /** @param ok whether it was answered; requests that wait for a failed one are not sent */
  after(number: number, endAt: number, ok: boolean): { readonly next: readonly Following[]; readonly skipped: number }
}

/**
 * Followers of a plan's requests. Counts the answers that each one still waits for.
 *
 * @param recordedAtOf due time of a request according to its recorded time
 */
export function planFollow(plan: SessionPlan, recordedAtOf: (row: number) => number): Follow {
  const left = plan.waitsFor.slice()
  const skippedRows = new Set<number>()
  const skip = (number: number): number => {
    let skipped = 0
    const rows = [number]
    for (let row = rows.pop(); row !== undefined; row = rows.pop()) {
      for (const next of followersOf(plan, row)) {
        if (skippedRows.has(next)) continue
        skippedRows.add(next)
        skipped += 1
        rows.push(next)
      }
    }
    return skipped
  }
  return {
    after(number, endAt, ok) {
      if (!ok) return { next: [], skipped: skip(number) }
      const next: Following[] = []
      for (const row of followersOf(plan, number)) {
        const waits = (left[row] ?? 1) - 1
        left[row] = waits
        if (waits > 0 || skippedRows.has(row)) continue
        const delay = plan.delayMs[row] ?? Number.NaN
        const recordedAt = recordedAtOf(row)
        const byAnswer = !Number.isNaN(delay) || endAt > recordedAt
        const dueAt = Number.isNaN(delay) ? Math.max(recordedAt, endAt) : endAt + delay
        next.push({ number: row, dueAt, by: byAnswer ? 'answer' : 'schedule' })
      }
      return { next, skipped: 0 }
    },
  }
}

function followersOf({ next, nextOffsets }: SessionPlan, row: number): Uint32Array {
  return next.subarray(nextOffsets[row], nextOffsets[row + 1])
}

/** Turns that follow each other, each some time after the previous answer. Numbers are those of requests. */
export function turnsFollow(turns: number, thinkMsOf: (number: number) => number): Follow {
  return {
    after(number, endAt, ok) {
      const left = turns - 1 - (number % turns)
      if (!ok) return { next: [], skipped: left }
      if (left === 0) return { next: [], skipped: 0 }
      return { next: [{ number: number + 1, dueAt: endAt + thinkMsOf(number + 1), by: 'answer' }], skipped: 0 }
    },
  }
}

/** Think time of users before a turn. */
export interface ThinkTime {
  readonly meanMs: number
  /** Default: constant. */
  readonly spread?: 'exponential'
}

/** Think time before each turn; deterministic for a seed. */
export function thinkTimes({ meanMs, spread }: ThinkTime, random: Random): (number: number) => number {
  if (spread === undefined) return () => meanMs
  return number => meanMs * random.fork(number).exponential()
}
