import type { Engine } from './engine.ts'
import { createQueue } from './queue.ts'
import type { Answer, Recorder } from './recorder.ts'
import type { EngineRequest } from './request.ts'
import { engineRequest } from './request.ts'
import type { DrawnRequest, RequestSource } from './request-source.ts'

/** Until when a loop sends, and how long it waits for answers. */
export interface LoopLimits {
  /** Nothing is sent from then on; infinity where the number of requests decides. */
  readonly stopMs: number
  /** What still runs then is given up. */
  readonly giveUpMs: number
  readonly timeoutMs: number
}

export interface LoopEnd {
  /** When the first request was due; when the loop began, without any. */
  readonly startMs: number
  /** The last answer, or when the last request was given up. */
  readonly endMs: number
  readonly failed: { readonly refused: number; readonly timeout: number; readonly cancelled: number }
}

/** Loads an engine in virtual time as the built-in generator loads a server. */
export interface LoadLoop {
  /** Keeps `concurrency` requests in flight until `requests` are sent or time is up. */
  closed(requests: number, concurrency: number, startMs: number, limits: LoopLimits): LoopEnd
  /** Sends when `nextDueMs` says (since `startMs`, infinity at the end), with at most `most` in flight. */
  open(nextDueMs: () => number, most: number, startMs: number, limits: LoopLimits): LoopEnd
}

/** Between the starts of two slots of a closed loop, as the generator leaves it. */
const startGapMs = 0.1

/**
 * After so long a quiet a request does not count as the answer to what came before it: Linux then acknowledges at once, and no first
 * chunk is held back (TCP_ATO_MIN, `tcp_event_data_sent`). On a real Dynamo the step lies at 38 to 40 ms.
 */
const quickAfterMs = 40

/** The client's connections as a measurement finds them. */
export interface Connections {
  readonly count: number
  /** Of which the warm-up has used so many. */
  readonly used: number
}

/**
 * @param firstChunkMs see {@link Profile}'s `frontend`
 * @param recorder null while warming up
 */
export function createLoadLoop(
  engine: Engine,
  source: RequestSource,
  firstChunkMs: number,
  connections: Connections,
  recorder: Recorder | null,
): LoadLoop {
  /** Since when a connection was quiet as the load begins; infinitely long when it is new. */
  const quietSinceMs = (connection: number, startMs: number) =>
    connection < connections.used ? startMs : Number.NEGATIVE_INFINITY

  /** Times as the client sees them: nothing of an answer leaves before its first chunk may. */
  function answerOf(request: EngineRequest, dueMs: number, quietMs: number): Answer {
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
  function createExchange(limits: LoopLimits, ended: (atMs: number, drawn: DrawnRequest, ok: boolean) => void) {
    const failed = { refused: 0, timeout: 0, cancelled: 0 }
    /** In the order of their deadlines; those that are over leave when they are first. */
    const running = createQueue<{ readonly request: EngineRequest; readonly lose: () => void }>()
    let endMs = 0

    function firstRunning() {
      for (let one = running.peek(); one !== undefined; one = running.peek()) {
        if (!one.request.cancelled && Number.isNaN(one.request.finishedMs)) return one
        running.shift()
      }
      return undefined
    }

    /** Sends on a connection that was quiet since then. False when the deployment can't take the request. */
    function send(drawn: DrawnRequest, dueMs: number, atMs: number, sinceMs: number): boolean {
      const request = engineRequest({
        ...drawn,
        arrivedMs: atMs,
        onFinish: () => {
          const answer = answerOf(request, dueMs, atMs - sinceMs)
          endMs = Math.max(endMs, answer.lastMs)
          recorder?.answered(answer)
          ended(answer.lastMs, drawn, true)
        },
      })
      if (engine.submit(request) !== null) {
        failed.refused += 1
        return false
      }
      recorder?.sent(dueMs, atMs)
      // Keeps what is over from piling up behind a request that takes long.
      firstRunning()
      running.push({ request, lose: () => ended(atMs + limits.timeoutMs, drawn, false) })
      return true
    }

    function lose(request: EngineRequest, kind: 'timeout' | 'cancelled', atMs: number): void {
      running.shift()
      engine.cancel(request)
      failed[kind] += 1
      recorder?.lost(atMs)
      endMs = Math.max(endMs, atMs)
    }

    /** Lets everything happen before `untilMs` (not at it); false when time was up before. */
    function runUntil(untilMs: number): boolean {
      for (;;) {
        const first = firstRunning()
        const deadlineMs = first === undefined ? Number.POSITIVE_INFINITY : first.request.arrivedMs + limits.timeoutMs
        const dueMs = Math.min(engine.nextEventMs(), deadlineMs)
        if (dueMs > limits.giveUpMs && untilMs > limits.giveUpMs) {
          for (let one = firstRunning(); one !== undefined; one = firstRunning())
            lose(one.request, 'cancelled', limits.giveUpMs)
          return false
        }
        if (dueMs >= untilMs) return true
        if (first === undefined || deadlineMs > dueMs) engine.advanceTo(dueMs)
        else {
          lose(first.request, 'timeout', deadlineMs)
          first.lose()
        }
      }
    }

    return {
      send,
      runUntil,
      end: (startMs: number): LoopEnd => ({ startMs, endMs: Math.max(endMs, startMs), failed }),
    }
  }

  return {
    closed(requests, concurrency, startMs, limits) {
      let begun = 0
      /** Turns left of the conversation that a request belongs to; absent for requests by themselves. */
      const left = new Map<DrawnRequest, number>()
      const exchange = createExchange(limits, (atMs, drawn, ok) => {
        const turns = left.get(drawn) ?? 0
        left.delete(drawn)
        if (ok && turns > 0) {
          const turn = source.turnAfter(drawn)
          left.set(turn, turns - 1)
          if (exchange.send(turn, atMs + source.thinkMs, atMs + source.thinkMs, atMs)) return
        }
        sendNext(atMs, atMs)
      })
      const conversations = Math.ceil(requests / source.turns)
      function sendNext(atMs: number, sinceMs: number): void {
        while (begun < conversations && atMs < limits.stopMs) {
          begun += 1
          const drawn = source.next()
          if (source.turns > 1) left.set(drawn, source.turns - 1)
          if (exchange.send(drawn, atMs, atMs, sinceMs)) return
          left.delete(drawn)
        }
      }
      for (let lane = 0; lane < concurrency; lane++) {
        const atMs = startMs + lane * startGapMs
        exchange.runUntil(atMs)
        sendNext(atMs, quietSinceMs(lane, startMs))
      }
      exchange.runUntil(Number.POSITIVE_INFINITY)
      return exchange.end(startMs)
    },
    open(nextDueMs, most, startMs, limits) {
      const waiting = createQueue<{ readonly drawn: DrawnRequest; readonly dueMs: number }>()
      let inFlight = 0
      /** The one that was used last is used first. */
      const idle = Array.from({ length: connections.count }, (_, index) => quietSinceMs(index, startMs))
      const exchange = createExchange(limits, atMs => {
        inFlight -= 1
        idle.push(atMs)
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          if (!sendOn(next.drawn, next.dueMs, atMs)) continue
          return
        }
      })
      function sendOn(drawn: DrawnRequest, dueMs: number, atMs: number): boolean {
        const sinceMs = idle.pop() ?? Number.NEGATIVE_INFINITY
        if (!exchange.send(drawn, dueMs, atMs, sinceMs)) {
          idle.push(sinceMs)
          return false
        }
        inFlight += 1
        return true
      }
      const firstMs = startMs + nextDueMs()
      for (let dueMs = firstMs; dueMs < Number.POSITIVE_INFINITY; dueMs = startMs + nextDueMs()) {
        if (!exchange.runUntil(dueMs)) break
        const drawn = source.next()
        if (inFlight >= most) waiting.push({ drawn, dueMs })
        else sendOn(drawn, dueMs, dueMs)
      }
      exchange.runUntil(Number.POSITIVE_INFINITY)
      return exchange.end(firstMs < Number.POSITIVE_INFINITY ? firstMs : startMs)
    },
  }
}
