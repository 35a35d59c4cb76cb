import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createHeap } from '../../src/simulator/heap.ts'
import { createQueue } from '../../src/simulator/queue.ts'

test('a heap gives back what was pushed in rising order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), values => {
      const heap = createHeap<number>((a, b) => a < b)
      for (const value of values) heap.push(value)
      const popped = Array.from({ length: heap.size }, () => heap.pop())
      assert.deepEqual(
        popped,
        values.toSorted((a, b) => a - b),
      )
      assert.equal(heap.pop(), undefined)
    }),
  )
})

test('a heap stays in order when items are removed from its middle', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.nat(), (values, pick) => {
      const heap = createHeap<number>((a, b) => a < b)
      for (const value of values) heap.push(value)
      const removed = values[pick % values.length] as number
      assert.equal(heap.remove(removed), true)
      const rest = values.toSpliced(values.indexOf(removed), 1).sort((a, b) => a - b)
      assert.deepEqual(
        Array.from({ length: heap.size }, () => heap.pop()),
        rest,
      )
    }),
  )
})

test('a queue does what an array does, whatever is pushed, shifted and removed', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('push' as const), value: fc.nat(50) }),
    fc.record({ do: fc.constant('shift' as const), value: fc.constant(0) }),
    fc.record({ do: fc.constant('remove' as const), value: fc.nat(50) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 5000, size: 'max' }), steps => {
      const queue = createQueue<number>()
      const model: number[] = []
      for (const { do: what, value } of steps) {
        if (what === 'push') {
          queue.push(value)
          model.push(value)
        } else if (what === 'shift') assert.equal(queue.shift(), model.shift())
        else {
          const at = model.indexOf(value)
          assert.equal(queue.remove(value), at >= 0)
          if (at >= 0) model.splice(at, 1)
        }
        assert.deepEqual([queue.size, queue.peek()], [model.length, model[0]])
      }
    }),
    { numRuns: 30 },
  )
})
