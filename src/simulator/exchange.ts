import type { RequestPhase } from '../metrics/records.ts'
import type { Engine } from './engine.ts'
import { createQueue } from './queue.ts'
import type { Recorder } from './recorder.ts'
import type { ClientTimes, EngineRequest } from './request.ts'
import { engineRequest } from './request.ts'
import type { DrawnRequest } from './request-source.ts'

/** Time limits of a loop. */
export interface LoopLimits {
  /** Requests sent from this time on are not measured; infinite if the number of requests ends the load. */
  stopMs: number
  /** Requests still running at this time are canceled. */
  giveUpMs: number
  readonly timeoutMs: number
}

/** How a loop ended. */
export interface LoopEnd {
  /** When the first measured request was due; without any, when the loop began. */
  readonly startMs: number
  /** When the last measured request was sent. */
  readonly lastSentMs: number
  /** The last answer to a measured request, or when the last of them was canceled. */
  readonly endMs: number
  /** Counts of measured requests. */
  readonly failed: { readonly refused: number; readonly timeout: number; readonly cancelled: number }
}

/**
 * After this idle time in ms, a request does not count as the answer to earlier data. Linux then acknowledges
 * immediately, so no first chunk is delayed (TCP_ATO_MIN, `tcp_event_data_sent`). On a real Dynamo, the step is at 38
 * to 40 ms.
 */
const quickAfterMs = 40

/** Engine and listeners of an exchange. */
export interface ExchangeContext {
  readonly engine: Engine
  /** See {@link Profile}'s `frontend`. */
  readonly firstChunkMs: number
  /** Null while a warm-up drains. */
  readonly recorder: Recorder | null
}

/** The client's side of requests in virtual time. */
export interface Exchange {
  /**
   * Sends on a connection that has been idle since `sinceMs`. Returns false if the deployment cannot accept the
   * request.
   *
   * @param number in a closed loop
   */
  send(drawn: DrawnRequest, phase: RequestPhase, dueMs: number, atMs: number, sinceMs: number, number?: number): boolean
  /** Processes all events before `untilMs` (exclusive); false if time ran out first. */
  runUntil(untilMs: number): boolean
  /** Stops all processing. */
  stop(): void
  end(startMs: number): LoopEnd
}

/** Times as the client sees them: no part of an answer arrives before its first chunk. */
function answerOf(request: EngineRequest, dueMs: number, quietMs: number, firstChunkMs: number): ClientTimes {
  const held = !Number.isNaN(request.prefilledMs) && quietMs < quickAfterMs
  const heldMs = held ? request.prefilledMs + firstChunkMs : 0
  const seen = (atMs: number) => Math.max(atMs, heldMs)
  // Tokens come evenly from the first to the last.
  const stepMs = (request.finishedMs - request.firstTokenMs) / (request.outputTokens - 1)
  const lateMs = heldMs - request.firstTokenMs
  const caughtUp = lateMs > 0 && stepMs > 0 ? Math.floor(lateMs / stepMs) : 0
  const headChunks = Math.min(request.outputTokens, 1 + caughtUp)
  return {
    request,
    dueMs,
    firstMs: seen(request.firstTokenMs),
    secondMs: seen(request.secondTokenMs),
    lastMs: seen(request.finishedMs),
    headChunks,
    restMs: headChunks < request.outputTokens ? request.firstTokenMs + headChunks * stepMs : Number.NaN,
  }
}

/** A request in flight. */
interface Running {
  readonly request: EngineRequest
  readonly phase: RequestPhase
  readonly number: number | undefined
  readonly lose: () => void
}

/** Sends requests and runs the engine. Calls `ended` with the reason when a request is no longer in flight. */
export function createExchange(
  { engine, firstChunkMs, recorder }: ExchangeContext,
  limits: LoopLimits,
  ended: (atMs: number, drawn: DrawnRequest, ok: boolean) => void,
): Exchange {
  const failed = { refused: 0, timeout: 0, cancelled: 0 }
  /** Sorted by deadline. Finished ones are removed when they reach the front. */
  const running = createQueue<Running>()
  let endMs = 0
  let lastSentMs = 0
  let stopped = false

  function firstRunning() {
    for (let one = running.peek(); one !== undefined; one = running.peek()) {
      if (!one.request.cancelled && Number.isNaN(one.request.finishedMs)) return one
      running.shift()
    }
    return undefined
  }

  function send(
    drawn: DrawnRequest,
    phase: RequestPhase,
    dueMs: number,
    atMs: number,
    sinceMs: number,
    number?: number,
  ): boolean {
    const request = engineRequest({
      ...drawn,
      arrivedMs: atMs,
      onFinish: () => {
        const answer = answerOf(request, dueMs, atMs - sinceMs, firstChunkMs)
        if (phase === 'measured') endMs = Math.max(endMs, answer.lastMs)
        recorder?.answered(answer, phase, number)
        ended(answer.lastMs, drawn, true)
      },
    })
    if (engine.submit(request) !== null) {
      if (phase === 'measured') failed.refused += 1
      return false
    }
    if (phase === 'measured') lastSentMs = Math.max(lastSentMs, atMs)
    recorder?.sent(dueMs, atMs, phase, number)
    // Keeps finished requests from piling up behind a slow one.
    firstRunning()
    running.push({ request, phase, number, lose: () => ended(atMs + limits.timeoutMs, drawn, false) })
    return true
  }

  function lose({ request, phase, number }: Running, kind: 'timeout' | 'cancelled', atMs: number): void {
    running.shift()
    engine.cancel(request)
    recorder?.lost(atMs, phase, number)
    if (phase !== 'measured') return
    failed[kind] += 1
    endMs = Math.max(endMs, atMs)
  }

  function runUntil(untilMs: number): boolean {
    while (!stopped) {
      const first = firstRunning()
      const deadlineMs = first === undefined ? Number.POSITIVE_INFINITY : first.request.arrivedMs + limits.timeoutMs
      const dueMs = Math.min(engine.nextEventMs(), deadlineMs)
      if (dueMs > limits.giveUpMs && untilMs > limits.giveUpMs) {
        for (let one = firstRunning(); one !== undefined; one = firstRunning()) lose(one, 'cancelled', limits.giveUpMs)
        return false
      }
      if (dueMs >= untilMs) return true
      if (first === undefined || deadlineMs > dueMs) engine.advanceTo(dueMs)
      else {
        lose(first, 'timeout', deadlineMs)
        first.lose()
      }
    }
    return false
  }

  return {
    send,
    runUntil,
    stop: () => {
      stopped = true
    },
    end: (startMs: number): LoopEnd => ({
      startMs,
      lastSentMs: Math.max(lastSentMs, startMs),
      endMs: Math.max(endMs, startMs),
      failed,
    }),
  }
}
