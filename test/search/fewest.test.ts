// Test part: unit

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Coordinates } from '../../src/analysis/frontier.ts'
import { hypervolume } from '../../src/analysis/hypervolume.ts'
import { fewest } from '../../src/search/fewest.ts'

const place: fc.Arbitrary<Coordinates> = fc.record({
  x: fc.integer({ min: 1, max: 50 }),
  y: fc.integer({ min: 1, max: 50 }),
})

const subsets = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((_, i) => (bits >> i) % 2 === 1))

test('takes as few candidates as any set that covers the goal', () => {
  fc.assert(
    fc.property(
      fc.array(place, { maxLength: 4 }),
      fc.array(place, { maxLength: 7 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (given, candidates, share) => {
        const areaOf = (some: readonly Coordinates[]) => hypervolume([...given, ...some])
        const goal = Math.floor(share * areaOf(candidates))
        const found = fewest(given, candidates, goal)
        const least = Math.min(...subsets(candidates).flatMap(some => (areaOf(some) >= goal ? some.length : [])))
        assert.ok(areaOf(found) >= goal)
        assert.equal(found.length, least)
      },
    ),
    { numRuns: 300 },
  )
})

test('takes what adds most where nothing covers the goal', () => {
  const [low, high, dominated] = [
    { x: 1, y: 4 },
    { x: 4, y: 1 },
    { x: 1, y: 1 },
  ]
  assert.deepEqual(new Set(fewest([], [low, dominated, high], 100)), new Set([low, high]))
  assert.deepEqual(fewest([low], [low, dominated], 100), [])
})
