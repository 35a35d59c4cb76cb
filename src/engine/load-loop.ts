import type { ExchangeContext, LoopEnd, LoopLimits } from './exchange.ts'
import { createExchange } from './exchange.ts'
import { createQueue } from './queue.ts'
import type { DrawnRequest, RequestSource } from './request-source.ts'

/** Loads an engine in virtual time as the built-in generator loads a server. */
export interface LoadLoop {
  /** Keeps `concurrency` requests in flight until `requests` are sent or time is up. */
  closed(requests: number, concurrency: number, startMs: number, limits: LoopLimits): LoopEnd
  /** Sends when `nextDueMs` says (since `startMs`, infinity at the end), with at most `most` in flight. */
  open(nextDueMs: () => number, most: number, startMs: number, limits: LoopLimits): LoopEnd
}

/** Between the starts of two slots of a closed loop, as the generator leaves it. */
const startGapMs = 0.1

/** The client's connections as a measurement finds them. */
export interface Connections {
  readonly count: number
  /** Of which the warm-up has used so many. */
  readonly used: number
}

export function createLoadLoop(context: ExchangeContext, source: RequestSource, connections: Connections): LoadLoop {
  /** Since when a connection was quiet as the load begins; infinitely long when it is new. */
  const quietSinceMs = (connection: number, startMs: number) =>
    connection < connections.used ? startMs : Number.NEGATIVE_INFINITY

  return {
    closed(requests, concurrency, startMs, limits) {
      let begun = 0
      /** Turns left of the conversation that a request belongs to; absent for requests by themselves. */
      const left = new Map<DrawnRequest, number>()
      const exchange = createExchange(context, limits, (atMs, drawn, ok) => {
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
      const exchange = createExchange(context, limits, atMs => {
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
