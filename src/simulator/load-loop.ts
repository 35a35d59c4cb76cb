import type { RequestPhase } from '../metrics/records.ts'
import type { WarmUp } from '../model/index.ts'
import { isWarm, startGapMs } from '../model/index.ts'
import type { ExchangeContext, LoopEnd, LoopLimits } from './exchange.ts'
import { createExchange } from './exchange.ts'
import { createQueue } from './queue.ts'
import type { DrawnRequest, RequestSource } from './request-source.ts'

/** A closed loop that keeps a number of slots busy from a given time. */
export interface ClosedLoad {
  readonly concurrency: number
  readonly startMs: number
  /** Phase of the n-th conversation if it begins at `atMs`; null if no more begin. Phases never go back. */
  phaseOf(conversation: number, atMs: number): RequestPhase | null
}

/** Returns due times since some start one at a time; infinity after the last. */
export type DueTimes = () => number

/** An open loop: arrivals before, in and after its window. */
export interface OpenLoad {
  /** Start of the loop. */
  readonly startMs: number
  /** Maximum requests in flight. */
  readonly most: number
  /** Load before the window until it is warm; null without any. */
  readonly before: {
    readonly dueMs: DueTimes
    readonly wanted: WarmUp['wanted']
    /** Expected length of the window. */
    readonly windowMs: number
  } | null
  readonly measured: DueTimes
  /** Load after the window until all measured requests are answered; null without any. */
  readonly after: DueTimes | null
  /** Length of a window that ends by time; null if its last request ends it. */
  readonly windowMs: number | null
  /** Nothing more is measured once it says so; absent where due times alone decide. */
  isOver?(): boolean
}

/** Loads an engine in virtual time as the built-in generator loads a server. */
export interface LoadLoop {
  closed(load: ClosedLoad, limits: LoopLimits): LoopEnd
  open(load: OpenLoad, limits: LoopLimits): LoopEnd
}

/** State of the client's connections at the start of a measurement. */
export interface Connections {
  readonly count: number
  /** Number of them that the warm-up used. */
  readonly used: number
}

/** @param onWindow called when the first measured request is due, or when the window of an open loop begins */
export function createLoadLoop(
  context: ExchangeContext,
  source: RequestSource,
  connections: Connections,
  onWindow: (startMs: number) => void = () => {},
): LoadLoop {
  /** When a connection became idle, as of the start of the load; infinitely long ago if new. */
  const quietSinceMs = (connection: number, startMs: number) =>
    connection < connections.used ? startMs : Number.NEGATIVE_INFINITY

  return {
    closed({ concurrency, startMs, phaseOf }, limits) {
      let begun = 0
      let measuring = 0
      let windowMs = Number.NaN
      /** Conversation of each request, its number, and the remaining turns. */
      const held = new Map<DrawnRequest, { readonly phase: RequestPhase; number: number; left: number }>()
      const exchange = createExchange(context, limits, (atMs, drawn, ok) => {
        const conversation = held.get(drawn)
        held.delete(drawn)
        if (conversation !== undefined && ok && conversation.left > 0) {
          const turn = source.turnAfter(drawn)
          const { phase, left } = conversation
          const number = conversation.number + 1
          held.set(turn, { phase, number, left: left - 1 })
          const dueMs = atMs + source.thinkMs
          if (exchange.send(turn, phase, dueMs, dueMs, atMs, number)) return
          held.delete(turn)
        }
        if (conversation !== undefined) context.recorder?.missed?.(conversation.number + 1, conversation.left)
        if (conversation?.phase === 'measured') measuring -= 1
        sendNext(atMs, atMs)
      })
      function sendNext(atMs: number, sinceMs: number): void {
        for (;;) {
          const phase = phaseOf(begun, atMs)
          if (phase === 'measured' && Number.isNaN(windowMs)) {
            windowMs = atMs
            onWindow(atMs)
          }
          if (phase !== 'warm-up' && phase !== 'measured' && measuring === 0) exchange.stop()
          if (phase === null) return
          const number = begun * source.turns
          begun += 1
          const drawn = source.next()
          held.set(drawn, { phase, number, left: source.turns - 1 })
          if (exchange.send(drawn, phase, atMs, atMs, sinceMs, number)) {
            if (phase === 'measured') measuring += 1
            return
          }
          held.delete(drawn)
          context.recorder?.missed?.(number, source.turns)
          // A refused request holds no load, and would be refused again.
          if (phase === 'after') return
        }
      }
      for (let connection = 0; connection < concurrency; connection++) {
        const atMs = startMs + connection * startGapMs
        exchange.runUntil(atMs)
        sendNext(atMs, quietSinceMs(connection, startMs))
      }
      exchange.runUntil(Number.POSITIVE_INFINITY)
      return exchange.end(Number.isNaN(windowMs) ? startMs : windowMs)
    },

    open({ startMs, most, before, measured, after, windowMs, isOver = () => false }, limits) {
      const waiting = createQueue<{
        readonly drawn: DrawnRequest
        readonly phase: RequestPhase
        readonly dueMs: number
      }>()
      const phases = new Map<DrawnRequest, RequestPhase>()
      let inFlight = 0
      /** Measured requests that are waiting or in flight, and whether all are due. */
      let measuring = 0
      let allDue = false
      let answered = 0
      let longestLatencyMs = 0
      let shortestLatencyMs = Number.POSITIVE_INFINITY
      const sentMs = new Map<DrawnRequest, number>()
      /** The most recently used connection is used first. */
      const idle = Array.from({ length: connections.count }, (_, index) => quietSinceMs(index, startMs))
      const exchange = createExchange(context, limits, (atMs, drawn, ok) => {
        inFlight -= 1
        idle.push(atMs)
        const phase = phases.get(drawn)
        phases.delete(drawn)
        if (phase === 'measured') measuring -= 1
        if (phase === 'warm-up' && ok) {
          answered += 1
          const latencyMs = atMs - (sentMs.get(drawn) ?? atMs)
          longestLatencyMs = Math.max(longestLatencyMs, latencyMs)
          shortestLatencyMs = Math.min(shortestLatencyMs, latencyMs)
        }
        sentMs.delete(drawn)
        stopWhenAnswered()
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          if (sendOn(next.drawn, next.phase, next.dueMs, atMs)) return
        }
      })
      function stopWhenAnswered(): void {
        if (after !== null && allDue && measuring === 0) exchange.stop()
      }
      function sendOn(drawn: DrawnRequest, phase: RequestPhase, dueMs: number, atMs: number): boolean {
        const sinceMs = idle.pop() ?? Number.NEGATIVE_INFINITY
        if (!exchange.send(drawn, phase, dueMs, atMs, sinceMs)) {
          idle.push(sinceMs)
          if (phase === 'measured') measuring -= 1
          return false
        }
        phases.set(drawn, phase)
        if (phase === 'warm-up') sentMs.set(drawn, atMs)
        inFlight += 1
        return true
      }
      function arrive(phase: RequestPhase, dueMs: number): void {
        const drawn = source.next()
        if (phase === 'measured') measuring += 1
        if (inFlight >= most) waiting.push({ drawn, phase, dueMs })
        else sendOn(drawn, phase, dueMs, dueMs)
      }
      /** Sends arriving requests as long as `goOn` accepts the next due time. Returns when the last one was due. */
      function stream(phase: RequestPhase, fromMs: number, next: DueTimes, goOn: (dueMs: number) => boolean): number {
        let lastMs = fromMs
        for (let dueMs = fromMs + next(); dueMs < Number.POSITIVE_INFINITY; dueMs = fromMs + next()) {
          if (!exchange.runUntil(dueMs)) break
          if (!goOn(dueMs)) return dueMs
          arrive(phase, dueMs)
          lastMs = dueMs
        }
        return lastMs
      }
      const isCold = (wanted: number, expectedMs: number) => (dueMs: number) =>
        !isWarm({ wanted, answered, elapsedMs: dueMs - startMs, longestLatencyMs, shortestLatencyMs }, expectedMs)
      const windowAtMs =
        before === null ? startMs : stream('warm-up', startMs, before.dueMs, isCold(before.wanted, before.windowMs))
      onWindow(windowAtMs)
      let firstMs = Number.NaN
      const lastDueMs = stream('measured', windowAtMs, measured, dueMs => {
        if (Number.isNaN(firstMs)) firstMs = dueMs
        return !isOver()
      })
      allDue = true
      if (after !== null) {
        const endMs = windowMs === null ? lastDueMs : windowAtMs + windowMs
        exchange.runUntil(endMs)
        if (measuring > 0) stream('after', endMs, after, () => true)
        stopWhenAnswered()
      }
      exchange.runUntil(Number.POSITIVE_INFINITY)
      return exchange.end(after !== null || Number.isNaN(firstMs) ? windowAtMs : firstMs)
    },
  }
}
