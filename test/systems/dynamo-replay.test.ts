import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TraceShape } from '../../bench/twin/dynamo-replay.ts'
import { withDynamoReplay } from '../../bench/twin/dynamo-replay.ts'
import { ourReplay } from '../../bench/twin/our-replay.ts'
import type { Topology } from '../../src/model/index.ts'
import { type FollowedVersion, followedVersions } from '../../src/simulator/followed-version.ts'
import { loadProfile } from '../../src/simulator/profile.ts'
import { aggregated, disaggregated } from './dynamo-deployment.ts'

const profile = await loadProfile('deepseek-r1-fp4-gb200')
const shape: TraceShape = {
  requests: 600,
  requestsPerS: 6,
  sharedBlocks: 0,
  ownBlocks: 6,
  outputTokens: 60,
  seed: 3,
}

async function expectAlike(version: FollowedVersion, one: TraceShape, topology: Topology): Promise<void> {
  await withDynamoReplay(version, one, topology, async replay => {
    const ours = await ourReplay(replay.file, topology, { ...profile, dynamo: version })
    for (const [figure, theirs] of Object.entries(replay.figures)) {
      const apart = Math.abs((ours.figures[figure] ?? Number.NaN) / theirs - 1)
      assert.ok(apart < 0.015, `${figure}: ${ours.figures[figure]} against ${theirs}`)
    }
  })
}

/** Dynamo's offline replay is its mocker's scheduler in virtual time: the truth that ours is held against. */
for (const version of followedVersions) {
  describe(`a trace in virtual time goes as in the offline replay of Dynamo ${version}`, () => {
    const cases: readonly (readonly [string, TraceShape, number])[] = [
      ['on one worker at a light load', { ...shape, requestsPerS: 2 }, 1],
      ['on two workers', shape, 2],
      ['far above what two workers can do', { ...shape, requestsPerS: 60 }, 2],
      ['with prefixes in common', { ...shape, requestsPerS: 3, sharedBlocks: 4 }, 1],
    ]
    for (const [name, one, workers] of cases) test(name, () => expectAlike(version, one, aggregated(workers)))

    // 1.4.2 replays no disaggregated workers of TensorRT-LLM.
    if (version !== '1.4.2') {
      test('on 2P1D', () => expectAlike(version, shape, disaggregated(2, 1)))
      test('on 1P2D, far above what it can do', () =>
        expectAlike(version, { ...shape, requestsPerS: 60 }, disaggregated(1, 2)))
    }
  })
}
