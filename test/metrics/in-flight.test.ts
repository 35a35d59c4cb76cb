import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Slots } from '../../src/metrics/in-flight.ts'
import { inFlightOf } from '../../src/metrics/in-flight.ts'
import type { RequestRecords } from '../../src/metrics/records.ts'
import { createRecords } from '../../src/metrics/records.ts'

interface Sent {
  readonly due: number
  readonly sent: number
  readonly done: number
  readonly turn: number
  readonly failed: boolean
}

/** A closed loop in virtual time: every slot takes the next conversation as soon as it has none. */
function closedLoop(
  slots: Slots,
  takesMs: (request: number) => number,
  flaws: {
    /** Slots that are really used. */
    readonly used?: number
    /** What really lies between the starts of two slots. */
    readonly gapMs?: number
    readonly lateMs?: number
    readonly fails?: (request: number) => boolean
  } = {},
): RequestRecords {
  const used = flaws.used ?? slots.concurrency
  const gapMs = flaws.gapMs ?? slots.startGapMs
  const requests: Sent[] = []
  let conversation = 0
  /** Per slot: when its next request is due, and of which turn it is. */
  const open = Array.from({ length: used }, (_, slot) => ({ due: slot * gapMs, turn: 0 }))
  for (;;) {
    const slot = open.reduce((first, one) => (one.due < first.due ? one : first))
    const late = slot.due >= (slots.stopMs ?? Number.POSITIVE_INFINITY)
    const over = slot.turn === 0 && (late || conversation >= (slots.conversations ?? Number.POSITIVE_INFINITY))
    if (over) {
      slot.due = Number.POSITIVE_INFINITY
      if (open.every(one => one.due === Number.POSITIVE_INFINITY)) break
      continue
    }
    if (slot.turn === 0) conversation += 1
    const sent = slot.due + (flaws.lateMs ?? 0)
    const done = sent + takesMs(requests.length)
    const failed = flaws.fails?.(requests.length) ?? false
    requests.push({ due: slot.due, sent, done, turn: slot.turn, failed })
    slot.turn = failed ? 0 : (slot.turn + 1) % slots.turns
    slot.due = slot.turn === 0 ? done : done + slots.thinkMs
  }
  const records = createRecords(requests.length)
  for (const [row, { due, sent, done, turn, failed }] of requests.toSorted((a, b) => a.due - b.due).entries()) {
    records.scheduledMs[row] = due
    records.sentMs[row] = sent
    records.doneMs[row] = done
    records.turn[row] = turn
    records.error[row] = failed ? 1 : 0
  }
  return records
}

const plain: Slots = { concurrency: 10, conversations: 100, turns: 1, thinkMs: 0, startGapMs: 0, stopMs: null }

const anyPlan = fc.record({
  concurrency: fc.integer({ min: 1, max: 12 }),
  turns: fc.integer({ min: 1, max: 4 }),
  thinkMs: fc.constantFrom(0, 5, 500),
  startGapMs: fc.constantFrom(0, 0.1, 30),
})
const byCount = fc
  .tuple(anyPlan, fc.integer({ min: 1, max: 40 }))
  .map(([plan, conversations]): Slots => ({ ...plan, conversations, stopMs: null }))
const byTime = fc
  .tuple(anyPlan, fc.integer({ min: 1, max: 3000 }))
  .map(([plan, stopMs]): Slots => ({ ...plan, conversations: null, stopMs }))
const durations = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 7 })
const failures = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 })
const cycled =
  <T>(values: readonly T[]) =>
  (index: number) =>
    values[index % values.length] as T

test('a loop that sends whatever it can at once is held all of the time, whatever was asked of it', () => {
  fc.assert(
    fc.property(fc.oneof(byCount, byTime), durations, failures, (slots, takes, fails) => {
      const found = inFlightOf(closedLoop(slots, cycled(takes), { fails: cycled(fails) }), slots)
      assert.ok((found?.held ?? 0) > 1 - 1e-9, `held ${found?.held}`)
    }),
  )
})

test('a loop that leaves slots empty is not held by as much as it leaves empty', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 12 }),
      fc.integer({ min: 1, max: 11 }),
      durations,
      (concurrency, empty, takes) => {
        const used = Math.max(1, concurrency - empty)
        const slots = { ...plain, concurrency, conversations: concurrency * 40 }
        const found = inFlightOf(closedLoop(slots, cycled(takes), { used }), slots)
        // In the last of forty waves fewer are left than there are slots.
        assert.ok((found?.held ?? 1) < used / concurrency + 0.05, `held ${found?.held} of ${used}/${concurrency}`)
      },
    ),
  )
})

test('lateness of sends is time in which a slot was not held', () => {
  const found = inFlightOf(
    closedLoop(plain, () => 60, { lateMs: 40 }),
    plain,
  )
  assert.ok(Math.abs((found?.held ?? 0) - 0.6) < 0.04, `held ${found?.held}`)
})

test('one wave of as many requests as slots is held, and its mean is over the time until the first answer', () => {
  const slots = { ...plain, conversations: 10, startGapMs: 1 }
  const found = inFlightOf(
    closedLoop(slots, () => 1000),
    slots,
  )
  assert.equal(found?.held, 1)
  assert.equal(found.max, 10)
  assert.ok(found.mean > 9.9)
})

test('one wave that was to start at once and took its time is not held', () => {
  const slots = { ...plain, concurrency: 100, conversations: 100 }
  const found = inFlightOf(
    closedLoop(slots, () => 20, { gapMs: 1 }),
    slots,
  )
  assert.ok((found?.held ?? 1) < 0.35, `held ${found?.held}`)
})

test('thinking users are in flight by nobody’s fault', () => {
  const slots = { ...plain, conversations: 20, turns: 5, thinkMs: 900 }
  const found = inFlightOf(
    closedLoop(slots, () => 100),
    slots,
  )
  assert.ok(found !== null && found.mean < 3 && found.max === 10)
  assert.ok(Math.abs((found.held ?? 0) - 1) < 1e-9)
})
