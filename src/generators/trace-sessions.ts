import { createRandom } from '../model/index.ts'

/** Dependencies of a trace's request. */
export interface Link {
  /** Null for the session of the request that it waits for, or otherwise a new one. */
  readonly session: string | null
  /** Name by which later requests refer to it. */
  readonly id: string | null
  /** Requests whose answers it waits for; null for the previous one in its session. */
  readonly after: readonly string[] | null
  /** Time between the last of those answers and this request, in the trace's unit; null if only its time is known. */
  readonly delay: number | null
}

/** Dependencies between a trace's requests, as columns. */
export interface TraceSessions {
  readonly count: number
  /** Session of each request, from 0. */
  readonly of: Uint32Array
  /** Length of the longest chain of answers before it, from 0. */
  readonly turn: Uint32Array
  /** Where each request begins in {@link after}, and the end of the last. */
  readonly afterOffsets: Uint32Array
  /** Requests whose answers it waits for. */
  readonly after: Uint32Array
  /** From the last of those answers to the request; NaN if only the recorded time is known. */
  readonly delayMs: Float64Array
}

/** Links requests as they are read. */
export interface RequestLinks {
  add(link: Link | null): void
  /** Undefined if no request waits for another. @param order positions of requests after sorting */
  done(order: Uint32Array | null, msPerUnit: number): TraceSessions | undefined
}

/** Starts linking the requests of a trace. */
export function linkRequests(): RequestLinks {
  const byId = new Map<string, number>()
  const sessions = new Map<string, { readonly number: number; last: number }>()
  const of: number[] = []
  const turn: number[] = []
  const after: (readonly number[])[] = []
  const delays: number[] = []
  let count = 0
  let linked = false
  return {
    add(link) {
      const row = of.length
      const session = link?.session ?? null
      const known = session === null ? undefined : sessions.get(session)
      const waits =
        link === null
          ? []
          : link.after === null
            ? known === undefined
              ? []
              : [known.last]
            : link.after.flatMap(id => byId.get(id) ?? [])
      if (waits.length > 0) linked = true
      const [first] = waits
      const number = known?.number ?? (session === null && first !== undefined ? of[first] : undefined) ?? count++
      if (session !== null) sessions.set(session, { number, last: row })
      if (link?.id != null) byId.set(link.id, row)
      of.push(number)
      after.push(waits)
      turn.push(waits.reduce((longest, before) => Math.max(longest, (turn[before] ?? 0) + 1), 0))
      delays.push(waits.length === 0 ? Number.NaN : (link?.delay ?? Number.NaN))
    },
    done(order, msPerUnit) {
      if (!linked) return undefined
      const rows = order ?? Uint32Array.from(of.keys())
      const place = new Uint32Array(rows.length)
      for (const [to, row] of rows.entries()) place[row] = to
      return sessionsOf(
        Array.from(rows, row => (after[row] ?? []).map(before => place[before] ?? 0)),
        {
          count,
          of: Uint32Array.from(rows, row => of[row] ?? 0),
          turn: Uint32Array.from(rows, row => turn[row] ?? 0),
          delayMs: Float64Array.from(rows, row => (delays[row] ?? Number.NaN) * msPerUnit),
        },
      )
    },
  }
}

function sessionsOf(
  after: readonly (readonly number[])[],
  rest: Omit<TraceSessions, 'after' | 'afterOffsets'>,
): TraceSessions {
  const afterOffsets = new Uint32Array(after.length + 1)
  for (const [row, waits] of after.entries()) afterOffsets[row + 1] = (afterOffsets[row] ?? 0) + waits.length
  return { ...rest, afterOffsets, after: Uint32Array.from(after.flat()) }
}

/** Which requests of a trace to replay. */
export interface TraceSelection {
  /** Relative to the trace's first request. */
  readonly fromMs?: number
  readonly untilMs?: number
  /** Share of the sessions to replay (of the requests without sessions), 0–1. */
  readonly sample?: number
}

/** Columns of a trace that can be selected from. */
interface Choosable {
  readonly count: number
  readonly atMs: Float64Array
  readonly inputTokens: Uint32Array
  readonly outputTokens: Uint32Array
  readonly hashIds: readonly (readonly number[])[] | null
  readonly lines?: Uint32Array
  readonly sessions?: TraceSessions
}

/**
 * Selected part of a trace, with times relative to its start. Sessions are sampled as a whole. A request whose
 * predecessor is not selected begins by its own time.
 */
export function selectRequests<T extends Choosable>(
  trace: T,
  part: TraceSelection,
  seed: number,
): T & { readonly outOf: number } {
  const { fromMs = 0, untilMs = Number.POSITIVE_INFINITY, sample = 1 } = part
  const random = createRandom(seed).fork('sample')
  const kept = new Map<number, boolean>()
  const isSampled = (session: number) => {
    if (sample >= 1) return true
    const known = kept.get(session)
    if (known !== undefined) return known
    const drawn = random.fork(session).uniform() < sample
    kept.set(session, drawn)
    return drawn
  }
  const { sessions } = trace
  const rows: number[] = []
  for (const [row, at] of trace.atMs.entries())
    if (at >= fromMs && at < untilMs && isSampled(sessions?.of[row] ?? row)) rows.push(row)
  const place = new Map(rows.map((row, to) => [row, to]))
  const numbers = new Map<number, number>()
  const numberOf = (session: number) => {
    const number = numbers.get(session) ?? numbers.size
    numbers.set(session, number)
    return number
  }
  const chosen = { ...trace, outOf: trace.count, count: rows.length }
  return {
    ...chosen,
    atMs: Float64Array.from(rows, row => (trace.atMs[row] ?? 0) - fromMs),
    inputTokens: Uint32Array.from(rows, row => trace.inputTokens[row] ?? 0),
    outputTokens: Uint32Array.from(rows, row => trace.outputTokens[row] ?? 0),
    ...(trace.lines === undefined ? {} : { lines: Uint32Array.from(rows, row => trace.lines?.[row] ?? 0) }),
    hashIds: trace.hashIds === null ? null : rows.map(row => trace.hashIds?.[row] ?? []),
    ...(sessions === undefined
      ? {}
      : {
          sessions: sessionsOf(
            rows.map(row => beforeOf(sessions, row).flatMap(before => place.get(before) ?? [])),
            {
              of: Uint32Array.from(rows, row => numberOf(sessions.of[row] ?? 0)),
              turn: Uint32Array.from(rows, row => sessions.turn[row] ?? 0),
              delayMs: Float64Array.from(rows, row => sessions.delayMs[row] ?? Number.NaN),
              count: numbers.size,
            },
          ),
        }),
  }
}

/** Requests whose answers a request waits for. */
export function beforeOf({ after, afterOffsets }: TraceSessions, row: number): number[] {
  return [...after.subarray(afterOffsets[row], afterOffsets[row + 1])]
}

/** Whether requests of a session run in parallel or wait for several, so that its turns are not a chain. */
export function isBranched(sessions: TraceSessions): boolean {
  const { of, after, afterOffsets } = sessions
  const waitedFor = new Uint8Array(of.length)
  const begun = new Set<number>()
  for (let row = 0; row < of.length; row++) {
    const [from = 0, to = 0] = [afterOffsets[row], afterOffsets[row + 1]]
    if (to - from > 1) return true
    if (to === from) {
      const session = of[row] ?? 0
      if (begun.has(session)) return true
      begun.add(session)
      continue
    }
    const before = after[from] ?? 0
    if (waitedFor[before] === 1) return true
    waitedFor[before] = 1
  }
  return false
}
