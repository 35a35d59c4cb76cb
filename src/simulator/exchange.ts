import type { RequestPhase } from '../metrics/records.ts'
import type { Engine } from './engine.ts'
import { createQueue } from './queue.ts'
import type { Recorder } from './recorder.ts'
import type { ClientTimes, EngineRequest } from './request.ts'
import { engineRequest } from './request.ts'
import type { DrawnRequest } from './request-source.ts'

/** Until when a loop measures, and how long it waits for answers. */
export interface LoopLimits {
  /** Nothing is measured that is sent from then on; infinity where the number of requests decides. */
  stopMs: number
  /** What still runs then is given up. */
  giveUpMs: number
  readonly timeoutMs: number
}

export interface LoopEnd {
  /** When the first measured request was due; when the loop began, without any. */
  readonly startMs: number
  /** When the last measured request was sent. */
  readonly lastSentMs: number
  /** The last answer to a measured request, or when the last of them was given up. */
  readonly endMs: number
  /** Of measured requests. */
  readonly failed: { readonly refused: number; readonly timeout: number; readonly cancelled: number }
}

/**
 * After so long a quiet a request does not count as the answer to what came before it: Linux then acknowledges at once,
 * and no first chunk is held back (TCP_ATO_MIN, `tcp_event_data_sent`). On a real Dynamo the step lies at 38 to 40 ms.
 */
const quickAfterMs = 40

/** What requests are exchanged with, and who is told of them. */
export interface ExchangeContext {
  readonly engine: Engine
  /** See {@link Profile}'s `frontend`. */
  readonly firstChunkMs: number
  /** Null while a warm-up is drained. */
  readonly recorder: Recorder | null
}

/** The client's side of requests in virtual time. */
export interface Exchange {
  /** Sends on a connection that was quiet since then. False when the deployment can't take the request. */
  send(drawn: DrawnRequest, phase: RequestPhase, dueMs: number, atMs: number, sinceMs: number): boolean
  /** Lets everything happen before `untilMs` (not at it); false when time was up before. */
  runUntil(untilMs: number): boolean
  /** Lets nothing more happen. */
  stop(): void
  end(startMs: number): LoopEnd
}

/** Times as the client sees them: nothing of an answer leaves before its first chunk may. */
function answerOf(request: EngineRequest, dueMs: number, quietMs: number, firstChunkMs: number): ClientTimes {
  const held = !Number.isNaN(request.prefilledMs) && quietMs < quickAfterMs
  const heldMs = held ? request.prefilledMs + firstChunkMs : 0
  const seen = (atMs: number) => Math.max(atMs, heldMs)
  return {
    request,
    dueMs,
    firstMs: seen(request.firstTokenMs),
    secondMs: seen(request.secondTokenMs),
    lastMs: seen(request.finishedMs),
  }
}

/** Sends requests and lets the engine run; `ended` is told when a request is out of flight, and why. */
export function createExchange(
  { engine, firstChunkMs, recorder }: ExchangeContext,
  limits: LoopLimits,
  ended: (atMs: number, drawn: DrawnRequest, ok: boolean) => void,
): Exchange {
  const failed = { refused: 0, timeout: 0, cancelled: 0 }
  /** In the order of their deadlines; those that are over leave when they are first. */
  const running = createQueue<{
    readonly request: EngineRequest
    readonly phase: RequestPhase
    readonly lose: () => void
  }>()
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

  function send(drawn: DrawnRequest, phase: RequestPhase, dueMs: number, atMs: number, sinceMs: number): boolean {
    const request = engineRequest({
      ...drawn,
      arrivedMs: atMs,
      onFinish: () => {
        const answer = answerOf(request, dueMs, atMs - sinceMs, firstChunkMs)
        if (phase === 'measured') endMs = Math.max(endMs, answer.lastMs)
        recorder?.answered(answer, phase)
        ended(answer.lastMs, drawn, true)
      },
    })
    if (engine.submit(request) !== null) {
      if (phase === 'measured') failed.refused += 1
      return false
    }
    if (phase === 'measured') lastSentMs = Math.max(lastSentMs, atMs)
    recorder?.sent(dueMs, atMs, phase)
    // Keeps what is over from piling up behind a request that takes long.
    firstRunning()
    running.push({ request, phase, lose: () => ended(atMs + limits.timeoutMs, drawn, false) })
    return true
  }

  function lose(request: EngineRequest, phase: RequestPhase, kind: 'timeout' | 'cancelled', atMs: number): void {
    running.shift()
    engine.cancel(request)
    recorder?.lost(atMs, phase)
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
        for (let one = firstRunning(); one !== undefined; one = firstRunning())
          lose(one.request, one.phase, 'cancelled', limits.giveUpMs)
        return false
      }
      if (dueMs >= untilMs) return true
      if (first === undefined || deadlineMs > dueMs) engine.advanceTo(dueMs)
      else {
        lose(first.request, first.phase, 'timeout', deadlineMs)
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
