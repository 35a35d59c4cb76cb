import type { Lane } from './lane.ts'
import type { Loop, LoopContext } from './loop.ts'
import { Outbox } from './outbox.ts'
import { pace } from './pacer.ts'

/** Between the starts of two slots: all at once, the first request would wait in the server's queue while we still write the last. */
export const startGapMs = 0.1
/** After a connection could not be made, so that a server that refuses is not run against in a busy loop. */
const reconnectPauseMs = 20

/** Which slots a closed loop keeps busy, until when. */
export interface ClosedLoopOptions {
  readonly startAt: number
  /** Nothing is sent from then on. */
  readonly stopAt: number
  /** Conversations over all threads, drawn from one counter; a request without turns is one of its own. */
  readonly conversations: number
  /** Requests of a conversation, and the time between an answer and the next of them. */
  readonly turns: number
  readonly thinkMs: number
  takeNumber(): number
}

/**
 * Keeps every lane busy: a request is sent as soon as the one before it has ended. A conversation stays on its lane; one whose
 * answer failed is not gone on with.
 */
export function closedLoop(options: ClosedLoopOptions, context: LoopContext): Loop {
  const { lanes, thread, threads } = context
  /** Of the conversation on each lane: the number of its request in flight, and how many follow. */
  const numbers = new Map<Lane, number>()
  const turnsLeft = new Map<Lane, number>()
  let stopped = false
  let idle = 0
  let finish = () => {}
  const finished = new Promise<void>(resolve => {
    finish = resolve
  })
  const sendNext = (lane: Lane, scheduled: number) => {
    const number = stopped || scheduled >= options.stopAt ? Number.POSITIVE_INFINITY : options.takeNumber()
    if (number < options.conversations) {
      turnsLeft.set(lane, options.turns - 1)
      numbers.set(lane, number * options.turns)
      context.send(lane, number * options.turns, scheduled)
    } else if (++idle === lanes.length) finish()
  }
  const sendTurn = (lane: Lane, left: number) => {
    const number = (numbers.get(lane) ?? 0) + 1
    const due = lane.exchange.endAt + options.thinkMs
    numbers.set(lane, number)
    turnsLeft.set(lane, left - 1)
    setTimeout(() => {
      if (stopped) sendNext(lane, due)
      else context.send(lane, number, due)
    }, due - performance.now())
  }
  const outbox = new Outbox<Lane>(context.clock, lane => sendNext(lane, lane.exchange.at))
  const due = (index: number) =>
    index < lanes.length ? options.startAt + (index * threads + thread) * startGapMs : Number.NaN
  const start = (index: number, at: number) => {
    const lane = lanes[index]
    if (lane !== undefined) sendNext(lane, at)
  }
  // Turning the loop for exact times would take the core from a server on the same machine just as it begins.
  pace(due, start, 'timer')
  if (lanes.length === 0) finish()
  return {
    finished,
    free: lane => {
      const kind = lane.exchange.failure?.kind
      const left = turnsLeft.get(lane) ?? 0
      if (kind === 'connect' || kind === 'tls' || kind === 'no-socket')
        setTimeout(() => sendNext(lane, performance.now()), reconnectPauseMs)
      else if (left > 0 && kind === undefined) sendTurn(lane, left)
      else outbox.add(lane)
    },
    stop: () => {
      stopped = true
    },
  }
}
