import { loadProfile } from '../../src/simulator/profile.ts'
import type { TraceShape } from './dynamo-replay.ts'
import { withDynamoReplay } from './dynamo-replay.ts'
import { ourReplay } from './our-replay.ts'

const shape: TraceShape = {
  requests: 20_000,
  requestsPerS: 12,
  sharedBlocks: 0,
  ownBlocks: 6,
  outputTokens: 100,
  seed: 11,
}
const cases: readonly (readonly [string, TraceShape, number])[] = [
  ['agg x1, 2/s', { ...shape, requestsPerS: 2 }, 1],
  ['agg x4, 12/s', shape, 4],
  ['agg x2, 60/s: far above what it can do', { ...shape, requests: 3000, requestsPerS: 60 }, 2],
  ['agg x4, 12/s, prompts with prefixes in common', { ...shape, sharedBlocks: 4 }, 4],
]

/** The same traces by Dynamo's own offline replay and in our virtual time: the same figures? how fast? */
export async function replay(): Promise<void> {
  const profile = await loadProfile('deepseek-r1-fp4-gb200')
  for (const [name, one, workers] of cases) {
    await withDynamoReplay(one, workers, async dynamo => {
      const ours = await ourReplay(dynamo.file, workers, profile)
      console.log(
        `\n${name}, ${one.requests} requests, ${(100 * dynamo.reusedShare).toFixed(0)} % of prompt tokens reused\n`,
      )
      console.log('| figure | dynamo.replay | ours | difference |')
      console.log('|---|---|---|---|')
      for (const [figure, theirs] of Object.entries(dynamo.figures)) {
        const own = ours.figures[figure] ?? Number.NaN
        console.log(`| ${figure} | ${theirs.toFixed(2)} | ${own.toFixed(2)} | ${signed(own / theirs - 1)} |`)
      }
      console.log(`| time of the replay itself, ms | ${dynamo.replayMs.toFixed(0)} | ${ours.replayMs.toFixed(0)} | |`)
    })
  }
}

const signed = (share: number) => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(2)} %`
