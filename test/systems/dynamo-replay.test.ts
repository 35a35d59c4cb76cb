import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TraceShape } from '../../bench/twin/dynamo-replay.ts'
import { withDynamoReplay } from '../../bench/twin/dynamo-replay.ts'
import { ourReplay } from '../../bench/twin/our-replay.ts'
import { loadProfile } from '../../src/simulator/profile.ts'

const profile = await loadProfile('deepseek-r1-fp4-gb200')
const shape: TraceShape = {
  requests: 600,
  requestsPerS: 6,
  sharedBlocks: 0,
  ownBlocks: 6,
  outputTokens: 60,
  seed: 3,
}

/** Dynamo 1.4.2's offline replay is its mocker's scheduler in virtual time: the truth that ours is held against. */
describe("a trace in virtual time goes as in Dynamo's own offline replay", () => {
  const cases: readonly (readonly [string, TraceShape, number])[] = [
    ['on one worker at a light load', { ...shape, requestsPerS: 2 }, 1],
    ['on two workers', shape, 2],
    ['far above what two workers can do', { ...shape, requestsPerS: 60 }, 2],
    ['with prefixes in common', { ...shape, requestsPerS: 3, sharedBlocks: 4 }, 1],
  ]
  for (const [name, one, workers] of cases) {
    test(name, async () => {
      await withDynamoReplay(one, workers, async replay => {
        const ours = await ourReplay(replay.file, workers, profile)
        for (const [figure, theirs] of Object.entries(replay.figures)) {
          const apart = Math.abs((ours.figures[figure] ?? Number.NaN) / theirs - 1)
          assert.ok(apart < 0.015, `${figure}: ${ours.figures[figure]} against ${theirs}`)
        }
      })
    })
  }
})
