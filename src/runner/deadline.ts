import { FulcrumError, type Load, mostWarmup, type Point, windowOf } from '../model/index.ts'

/** How long aborted work may take to end before the runner abandons it. */
const graceMs = 15_000

/** Start-up, prompts, connections and summary of a generator on a slow machine. */
const overheadMs = 5 * 60_000

/** Upper bound if every request times out: the point is lost anyway. */
const longestWaitMs = 60 * 60_000

/** The duration of a trace is unknown before it is read. Longer traces need `until`. */
const longestTraceS = 7 * 24 * 3600

/** Deadline of a point, in ms: the longest time that its load and the timeouts of its requests allow. */
export function pointDeadlineMs(point: Point): number {
  const { load } = point
  const requests = mostWarmup(load) + (load.requests ?? 0)
  const waves = Math.ceil(requests / Math.max(1, slotsOf(load)))
  // One more request in each slot keeps up the load of a steady window.
  const held = windowOf(load) === 'steady' ? 1 : 0
  const bounded = Math.min((Math.max(1, waves) + held) * load.timeoutMs, longestWaitMs)
  return overheadMs + bounded + (scheduledS(load) + load.graceS) * 1000
}

/** Requests in flight at once. An open loop does not wait for any. */
function slotsOf(load: Load): number {
  return load.level.kind === 'concurrency' ? load.level.concurrency : load.warmup + (load.requests ?? 0)
}

/** Seconds that the schedule takes, regardless of the server. */
function scheduledS(load: Load): number {
  // The warm-up of an open loop may be as long as its window.
  if (load.durationS !== undefined) return load.level.kind === 'rate' ? 2 * load.durationS : load.durationS
  if (load.level.kind === 'rate') return (2 * (load.requests ?? 0) + load.warmup) / load.level.requestsPerS
  if (load.level.kind === 'stages') return load.level.stages.reduce((sum, stage) => sum + stage.durationS, 0)
  if (load.level.kind !== 'trace') return 0
  const { fromMs = 0, untilMs, speed } = load.level
  return untilMs === undefined ? longestTraceS : (untilMs - fromMs) / (1000 * speed)
}

/**
 * Runs work under a deadline in ms. The signal asks late work to stop; work that has not stopped after another 15 s is
 * abandoned, so that a hung generator or deployer never blocks the sweep.
 * @throws the signal's reason if aborted; FulcrumError (failed, `deadline`) if late
 */
export async function within<T>(
  limitMs: number,
  what: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const late = new AbortController()
  const either = AbortSignal.any([signal, late.signal])
  const limit = setTimeout(() => late.abort(lateness(what, limitMs)), limitMs)
  const { promise: leftBehind, reject: leave } = Promise.withResolvers<never>()
  let grace: NodeJS.Timeout | undefined
  const onAbort = () => {
    grace = setTimeout(() => leave(either.reason), graceMs)
  }
  either.addEventListener('abort', onAbort, { once: true })
  const working = work(either)
  try {
    return await Promise.race([working, leftBehind])
  } catch (error) {
    throw either.aborted ? either.reason : error
  } finally {
    either.removeEventListener('abort', onAbort)
    clearTimeout(limit)
    clearTimeout(grace)
    working.catch(() => undefined)
  }
}

function lateness(what: string, limitMs: number): FulcrumError {
  return new FulcrumError('failed', 'deadline', `${what} timed out after ${Math.round(limitMs / 1000)} s`)
}
