import { type Topology, topologyLabel } from '../../src/model/index.ts'
import type { FollowedVersion } from '../../src/simulator/followed-version.ts'
import { loadProfile } from '../../src/simulator/profile.ts'
import { ratios, spread, takeTurns } from '../turns.ts'
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
const aggregated = (workers: number): Topology => ({ kind: 'aggregated', workers })
const cases: readonly (readonly [string, TraceShape, Topology])[] = [
  ['2/s', { ...shape, requestsPerS: 2 }, aggregated(1)],
  ['12/s', shape, aggregated(4)],
  ['60/s: far above what it can do', { ...shape, requests: 3000, requestsPerS: 60 }, aggregated(2)],
  ['12/s, prompts with prefixes in common', { ...shape, sharedBlocks: 4 }, aggregated(4)],
  ['12/s', shape, { kind: 'disaggregated', prefill: 2, decode: 2 }],
]

/** Rounds of the timing, in which both replay each trace in turn. */
const rounds = 3

/** The same traces by Dynamo's own offline replay and in our virtual time: the same figures? how fast? */
export async function replay(version: FollowedVersion): Promise<void> {
  const profile = { ...(await loadProfile('deepseek-r1-fp4-gb200')), dynamo: version }
  for (const [name, one, topology] of cases) {
    // 1.4.2 replays no disaggregated workers of TensorRT-LLM.
    if (version === '1.4.2' && topology.kind === 'disaggregated') continue
    await withDynamoReplay(version, one, topology, async (dynamo, again) => {
      const ours = await ourReplay(dynamo.file, topology, profile)
      const reused = `${(100 * dynamo.reusedShare).toFixed(0)}% of prompt tokens reused`
      console.log(`\n${topologyLabel(topology)}, ${name}, ${one.requests} requests, ${reused}\n`)
      console.log(`| figure | Dynamo ${version} | ours | difference |`)
      console.log('|---|---|---|---|')
      for (const [figure, theirs] of Object.entries(dynamo.figures)) {
        const own = ours.figures[figure] ?? Number.NaN
        console.log(`| ${figure} | ${theirs.toFixed(2)} | ${own.toFixed(2)} | ${signed(own / theirs - 1)} |`)
      }
      // The first replays, which gave the figures, are not timed: they compile our code.
      const taken = await takeTurns(['dynamo', 'ours'], rounds, who =>
        who === 'dynamo' ? again() : ourReplay(dynamo.file, topology, profile),
      )
      const [theirMs = [], ourMs = []] = [...taken.values()].map(all => all.map(({ replayMs }) => replayMs))
      const cells = [spread(theirMs, 0), spread(ourMs, 0), `ratio ${spread(ratios(ourMs, theirMs))}`]
      console.log(`| time of the replay itself, ms | ${cells.join(' | ')} |`)
    })
  }
}

const signed = (share: number) => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(2)}%`
