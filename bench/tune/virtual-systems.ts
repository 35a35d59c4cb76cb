import type { Topology } from '../../src/model/index.ts'
import { createRandom } from '../../src/model/index.ts'
import type { Profile } from '../../src/simulator/profile.ts'
import type { VirtualSystem } from './virtual.ts'

const split = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })
const together = (workers: number): Topology => ({ kind: 'aggregated', workers })
const slowLink = (profile: Profile): Profile => ({ ...profile, transfer: { bytesPerS: 0.2e9, latencyMs: 0 } })
const slowFrontend =
  (fixedMs: number) =>
  (profile: Profile): Profile => ({
    ...profile,
    frontend: { ...profile.frontend, fixedMs },
  })

/** Systems of which virtual time says what holds them back at their heaviest load. */
export const virtualSystems: readonly VirtualSystem[] = [
  // Kinds of a first wave that misleads: few requests a slot, prompts long enough that the first wave queues.
  {
    name: 'wave-3P1D-4x',
    because: 'the first wave queues for prefill, steady state is decode’s',
    topology: split(3, 1),
    isl: 8000,
    osl: 64,
    concurrencies: [1, 12],
    times: 4,
  },
  {
    name: 'wave-3P1D-10x',
    because: 'the same with ten requests a slot',
    topology: split(3, 1),
    isl: 8000,
    osl: 64,
    concurrencies: [1, 12],
  },
  {
    name: 'wave-2P2D',
    because: 'two prefill workers for 8000 tokens, answers of 64',
    topology: split(2, 2),
    isl: 8000,
    osl: 64,
    concurrencies: [1, 12],
    times: 4,
  },
  {
    name: 'wave-1P3D',
    because: 'one prefill worker for 8000 tokens',
    topology: split(1, 3),
    isl: 8000,
    osl: 64,
    concurrencies: [1, 12],
    times: 4,
  },
  {
    name: 'wave-4P1D',
    because: 'four prefill workers for one decode worker',
    topology: split(4, 1),
    isl: 8000,
    osl: 128,
    concurrencies: [1, 24],
    times: 4,
  },
  {
    name: 'wave-agg',
    because: 'one worker does both, answers of 128',
    topology: together(2),
    isl: 4000,
    osl: 128,
    concurrencies: [1, 16],
    times: 4,
  },
  {
    name: 'wave-mild',
    because: 'a first wave on a system with room',
    topology: split(2, 1),
    isl: 4000,
    osl: 64,
    concurrencies: [1, 4],
    times: 4,
  },
  {
    name: 'wave-short',
    because: 'short prompts, long answers',
    topology: split(1, 1),
    isl: 500,
    osl: 150,
    concurrencies: [1, 24],
    times: 4,
  },
  // One thing short by construction.
  {
    name: 'prefill-bound',
    because: 'one prefill worker for four decode workers',
    topology: split(1, 4),
    isl: 6000,
    osl: 32,
    concurrencies: [1, 24],
  },
  {
    name: 'prefill-long',
    because: 'prompts of 16,000 tokens',
    topology: split(2, 2),
    isl: 16_000,
    osl: 64,
    concurrencies: [1, 16],
  },
  {
    name: 'decode-steps',
    because: 'steps slow down with the batch',
    topology: split(2, 1),
    isl: 100,
    osl: 200,
    concurrencies: [1, 128],
  },
  {
    name: 'decode-slots',
    because: 'four slots a decode worker',
    topology: split(2, 2),
    isl: 300,
    osl: 100,
    concurrencies: [1, 24],
    engine: { decode: { max_batch_size: 4 } },
  },
  {
    name: 'kv-decode',
    because: 'a decode cache of five requests',
    topology: split(2, 1),
    isl: 1000,
    osl: 100,
    concurrencies: [1, 24],
    engine: { decode: { kv_cache_config: { max_tokens: 6000 } } },
  },
  {
    name: 'kv-aggregated',
    because: 'a cache of four requests',
    topology: together(1),
    isl: 1000,
    osl: 100,
    concurrencies: [1, 16],
    engine: { aggregated: { kv_cache_config: { max_tokens: 5000 } } },
  },
  {
    name: 'prefill-aggregated',
    because: 'one worker reads 8000 tokens for answers of 16',
    topology: together(1),
    isl: 8000,
    osl: 16,
    concurrencies: [1, 12],
  },
  {
    name: 'steps-aggregated',
    because: 'prompts of 50 tokens',
    topology: together(1),
    isl: 50,
    osl: 200,
    concurrencies: [1, 96],
  },
  {
    name: 'slow-link',
    because: '0.2 GB/s between prefill and decode',
    topology: split(1, 1),
    isl: 8000,
    osl: 16,
    concurrencies: [1, 6],
    change: slowLink,
    beside: [together(1)],
  },
  {
    name: 'slow-frontend',
    because: 'the frontend takes 1.5 s a request',
    topology: split(1, 1),
    isl: 1000,
    osl: 64,
    concurrencies: [1, 8],
    change: slowFrontend(1500),
  },
  {
    name: 'slow-frontend-agg',
    because: 'the frontend takes 800 ms a request',
    topology: together(2),
    isl: 500,
    osl: 32,
    concurrencies: [1, 8],
    change: slowFrontend(800),
  },
  {
    name: 'nothing',
    because: 'two requests on a system for hundreds',
    topology: split(2, 2),
    isl: 500,
    osl: 50,
    concurrencies: [1, 2],
  },
  {
    name: 'nothing-agg',
    because: 'two requests on two workers',
    topology: together(2),
    isl: 500,
    osl: 100,
    concurrencies: [1, 2],
  },
  {
    name: 'balanced',
    because: 'prefill and decode are near their limits together',
    topology: split(1, 1),
    isl: 2000,
    osl: 60,
    concurrencies: [1, 16],
  },
  {
    name: 'imbalance',
    because: 'answers of very different lengths, dealt in turn to two decode workers of six slots',
    topology: split(2, 2),
    isl: 500,
    osl: { kind: 'lognormal', mean: 150, stddev: 200 },
    concurrencies: [1, 20],
    engine: { decode: { max_batch_size: 6 } },
  },
  {
    name: 'long-and-many',
    because: 'long answers to long prompts',
    topology: split(3, 1),
    isl: 4000,
    osl: 400,
    concurrencies: [1, 48],
  },
]

/** Systems drawn by seed: nobody chose them, and no rule was made with them in hand. */
export function drawnSystems(count: number, seed: number): readonly VirtualSystem[] {
  const random = createRandom(seed)
  const pick = <T>(values: readonly [T, ...T[]]): T => values[random.integer(values.length)] ?? values[0]
  return Array.from({ length: count }, (_, i) => {
    const isSplit = random.uniform() < 0.7
    const topology = isSplit ? split(1 + random.integer(3), 1 + random.integer(3)) : together(1 + random.integer(3))
    const [isl, osl] = [pick([100, 500, 1000, 2000, 4000, 8000]), pick([16, 32, 64, 128, 256])]
    const writes = isSplit ? 'decode' : 'aggregated'
    const shortOf = pick(['nothing', 'nothing', 'slots', 'memory'])
    const room = 3 + random.integer(6)
    const engine =
      shortOf === 'slots'
        ? { [writes]: { max_batch_size: room } }
        : shortOf === 'memory'
          ? { [writes]: { kv_cache_config: { max_tokens: room * (isl + osl + 32) } } }
          : {}
    const heavy = pick([2, 4, 8, 16, 24, 48])
    return {
      name: `drawn-${i + 1}`,
      because: shortOf === 'nothing' ? 'drawn' : `drawn; ${shortOf} for ${room} requests a worker`,
      topology,
      isl,
      osl,
      concurrencies: [1, heavy],
      engine,
      times: pick([4, 10, 20]),
    }
  })
}
