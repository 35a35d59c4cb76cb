import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { eventQueue } from '../../src/api/event-queue.ts'

interface Event {
  readonly kind: 'progress' | 'result'
  readonly of: number
  readonly at: number
}

const queueOfEvents = () =>
  eventQueue<Event>(
    (waiting, newer) => waiting.kind === 'progress' && newer.kind === 'progress' && waiting.of === newer.of,
  )

test('a reader who waits gets each event as it comes, then the end', async () => {
  const queue = queueOfEvents()
  const first = queue.next()
  queue.push({ kind: 'progress', of: 1, at: 1 })
  assert.deepEqual(await first, { kind: 'progress', of: 1, at: 1 })
  const second = queue.next()
  queue.end()
  assert.equal(await second, null)
  assert.equal(await queue.next(), null)
})

test('an error comes after the events that went before it', async () => {
  const queue = queueOfEvents()
  queue.push({ kind: 'result', of: 1, at: 1 })
  queue.fail(new Error('broken'))
  assert.equal((await queue.next())?.kind, 'result')
  await assert.rejects(queue.next(), /broken/)
})

test('a slow reader gets all results in order and, between them, the newest progress of each thing alone', async () => {
  const event = fc.record({ kind: fc.constantFrom('progress' as const, 'result' as const), of: fc.nat({ max: 2 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), async kinds => {
      const events = kinds.map((one, at) => ({ ...one, at }))
      const queue = queueOfEvents()
      for (const one of events) queue.push(one)
      queue.end()
      const read: Event[] = []
      for (let one = await queue.next(); one !== null; one = await queue.next()) read.push(one)
      const wanted = events.filter(({ kind, of }, i) => {
        const next = events[i + 1]
        return kind === 'result' || next?.kind !== 'progress' || next.of !== of
      })
      assert.deepEqual(read, wanted)
    }),
  )
})
