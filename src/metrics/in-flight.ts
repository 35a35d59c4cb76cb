import { sortedNumbers } from './distribution.ts'
import type { InFlight } from './measurement.ts'
import type { RequestRecords } from './records.ts'
import type { Window } from './window.ts'

/** Slots that a closed loop should keep busy. */
export interface Slots {
  readonly concurrency: number
  /** Total conversations, counting a request without turns as one; null if time ends the load. */
  readonly conversations: number | null
  /** Requests of a conversation, sent one after another on one slot. */
  readonly turns: number
  /** Time from an answer to the next request of its conversation. */
  readonly thinkMs: number
  /** Planned time between the starts of two slots; 0 if all start at once. */
  readonly startGapMs: number
  /** Time after which no new requests are sent; null if the number of requests ends the load. */
  readonly stopMs: number | null
}

/**
 * Requests in flight from the first one due to the last one sent. After that, the run drains, so lower concurrency is
 * not the generator's failure. A single wave is sent at once, so its time range lasts until the first answer.
 *
 * With `slots`, also measures how well a closed loop kept them busy, compared with the maximum possible at each moment:
 * at most the started slots, at most the unfinished conversations, and no conversation whose user was thinking.
 *
 * @param window time range to use instead, for records that include requests sent before and after it
 */
export function inFlightOf(
  records: RequestRecords,
  slots: Slots | null = null,
  window: Window | null = null,
): InFlight | null {
  const sent = sortedNumbers(records.sentMs)
  const lastSent = sent.at(-1)
  if (lastSent === undefined) return null
  const wasSent = (_: number, row: number) => !Number.isNaN(records.sentMs[row] ?? Number.NaN)
  const done = sortedNumbers(records.doneMs.filter(wasSent))
  const from = window?.startMs ?? sortedNumbers(records.scheduledMs)[0] ?? sent[0] ?? 0
  const stop = from + (slots?.stopMs ?? Number.POSITIVE_INFINITY)
  const to = window?.endMs ?? Math.min(Math.max(lastSent, done[0] ?? lastSent), stop)
  const max = mostAtOnce(sent, done)
  if (!(to > from)) return { mean: max, max, ...(slots === null ? {} : { held: 1 }) }
  // Each request was in flight from its send time until it ended.
  const after = (times: Float64Array) => times.reduce((sum, time) => sum + Math.max(0, to - Math.max(from, time)), 0)
  const busyMs = after(sent) - after(done)
  const mean = Math.min(max, busyMs / (to - from))
  if (slots === null) return { mean, max }
  const possibleMs = possibleSlotMs(records, slots, from, to)
  return { mean, max, held: possibleMs > 0 ? Math.min(1, busyMs / possibleMs) : 1 }
}

function mostAtOnce(sent: Float64Array, done: Float64Array): number {
  let ended = 0
  let max = 0
  for (const [started, time] of sent.entries()) {
    while ((done[ended] ?? Number.POSITIVE_INFINITY) <= time) ended += 1
    max = Math.max(max, started + 1 - ended)
  }
  return max
}

/** Slot-milliseconds in which a request could have been in flight. */
function possibleSlotMs(records: RequestRecords, slots: Slots, from: number, to: number): number {
  const { concurrency, conversations, turns, thinkMs, startGapMs } = slots
  const ends = conversationEnds(records, turns)
  const startOf = (slot: number) => (slot < concurrency ? from + slot * startGapMs : Number.POSITIVE_INFINITY)
  let started = 0
  let over = 0
  let at = from
  let possibleMs = 0
  while (at < to) {
    while (startOf(started) <= at) started += 1
    while ((ends[over] ?? Number.POSITIVE_INFINITY) <= at) over += 1
    const next = Math.min(to, startOf(started), ends[over] ?? Number.POSITIVE_INFINITY)
    const left = (conversations ?? Number.POSITIVE_INFINITY) - over
    possibleMs += (next - at) * Math.max(0, Math.min(started, left))
    at = next
  }
  if (thinkMs === 0) return possibleMs
  const thoughtMs = records.turn.reduce((sum, turn, row) => {
    if (turn === 0) return sum
    const due = records.scheduledMs[row] ?? Number.NaN
    const thought = Math.min(to, due) - Math.max(from, due - thinkMs)
    return thought > 0 ? sum + thought : sum
  }, 0)
  return possibleMs - thoughtMs
}

/** End times of conversations, by their last answer or by a failure. */
function conversationEnds(records: RequestRecords, turns: number): Float64Array {
  return sortedNumbers(
    records.doneMs.filter((_, row) => records.error[row] !== 0 || (records.turn[row] ?? 0) >= turns - 1),
  )
}
