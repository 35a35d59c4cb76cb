import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dominates, frontierOf } from '../../src/analysis/frontier.ts'
import { hypervolume } from '../../src/analysis/hypervolume.ts'

/** Small whole numbers so that ties and duplicates are common. */
const axis = fc.integer({ min: 0, max: 12 })
const places = fc.array(fc.record({ x: axis, y: axis }, { noNullPrototype: true }), {
  maxLength: 40,
})

test('no place on the frontier is dominated by any place', () => {
  fc.assert(
    fc.property(places, all => {
      for (const on of frontierOf(all)) assert.ok(!all.some(other => dominates(other, on)))
    }),
  )
})

test('every place off the frontier is dominated by one that is on it', () => {
  fc.assert(
    fc.property(places, all => {
      const frontier = frontierOf(all)
      for (const off of all.filter(place => !frontier.includes(place)))
        assert.ok(frontier.some(on => dominates(on, off)))
    }),
  )
})

test('the frontier rises in x and falls in y, and does not depend on the order of the places', () => {
  fc.assert(
    fc.property(places, all => {
      const frontier = frontierOf(all)
      for (const [i, place] of frontier.entries()) {
        const next = frontier[i + 1]
        if (next !== undefined) assert.ok(place.x <= next.x && place.y >= next.y)
      }
      assert.deepEqual(frontierOf(all.toReversed()), frontier)
    }),
  )
})

test('places that are equal on both axes share the frontier', () => {
  const twin = { x: 2, y: 2 }
  assert.equal(frontierOf([twin, { ...twin }, { x: 1, y: 1 }]).length, 2)
})

test('a place that is equal on one axis and worse on the other is dominated', () => {
  assert.deepEqual(
    frontierOf([
      { x: 2, y: 2 },
      { x: 2, y: 1 },
      { x: 1, y: 2 },
    ]),
    [{ x: 2, y: 2 }],
  )
})

test('the hypervolume of one place is its rectangle, and of two the union of theirs', () => {
  assert.equal(hypervolume([{ x: 2, y: 3 }]), 6)
  assert.equal(
    hypervolume([
      { x: 1, y: 3 },
      { x: 2, y: 1 },
    ]),
    4,
  )
})

test('the hypervolume equals the count of unit cells below the frontier, whatever the reference', () => {
  fc.assert(
    fc.property(places, fc.integer({ min: 0, max: 5 }), (all, r) => {
      let cells = 0
      for (let x = r; x < 12; x++)
        for (let y = r; y < 12; y++) if (all.some(place => place.x > x && place.y > y)) cells++
      assert.equal(hypervolume(all, { x: r, y: r }), cells)
    }),
  )
})
