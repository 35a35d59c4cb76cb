import { createRandom, type Random } from '../../src/model/index.ts'
import { planSweep } from '../../src/plan/plan.ts'
import type { Profile } from '../../src/simulator/profile.ts'
import { type Noise, type SearchCase, shippedProfile, sweepFromText } from './cases.ts'

/** Sweeps drawn by seed: other hardware, ratios, workloads, GPU sizes, loads, SLOs, repeats and noise in each. */
export async function drawnCases(seeds: readonly number[]): Promise<readonly SearchCase[]> {
  const cases: SearchCase[] = []
  for (const seed of seeds) cases.push(await drawnCase(seed))
  return cases
}

async function drawnCase(seed: number): Promise<SearchCase> {
  const random = createRandom(`search-case/${seed}`)
  const name = `drawn-${seed}`
  const text = [
    'model: nvidia/DeepSeek-R1-FP4',
    `deploy: { with: simulated, profile: deepseek-r1-fp4-gb200, gpus_per_worker: ${gpusText(random.fork('gpus'))} }`,
    'search: adaptive',
    ...shapeText(random.fork('shape')),
    workloadsText(random.fork('workloads')),
    loadText(random.fork('load'), seed),
    sloText(random.fork('slo')),
    `repeats: ${pick(random.fork('repeats'), [1, 1, 1, 2, 3])}`,
  ].join('\n')
  const sweep = await sweepFromText(name, text)
  return {
    name,
    plan: planSweep(sweep),
    profile: otherHardware(shippedProfile, random.fork('profile')),
    noise: noiseOf(random.fork('noise')),
    redeployS: pick(random.fork('redeploy'), [5, 60, 180, 600]),
  }
}

function pick<T>(random: Random, among: readonly T[]): T {
  const picked = among[random.integer(among.length)]
  if (picked === undefined) throw new RangeError('nothing to pick from')
  return picked
}

/** Between two numbers, each factor as likely as any other. */
const between = (random: Random, low: number, high: number) => low * (high / low) ** random.uniform()

const whole = (random: Random, low: number, high: number) => Math.round(between(random, low, high))

/** Roles may be spread over different numbers of GPUs. */
function gpusText(random: Random): string {
  const [prefill, decode] = [pick(random, [1, 2, 4, 8]), pick(random, [1, 2, 4, 8])]
  return `{ prefill: ${prefill}, decode: ${decode}, aggregated: ${pick(random, [prefill, decode])} }`
}

function shapeText(random: Random): string[] {
  const counts = () => `[${Array.from({ length: 2 + random.integer(3) }, (_, i) => i + 1).join(', ')}]`
  const ratios = `{ prefill: ${counts()}, decode: ${counts()}, max_workers: ${4 + random.integer(5)} }`
  const aggregated = pick(random, ['', '{ aggregated: [1, 2] }, ', '{ aggregated: 2 }, ', '{ aggregated: [2, 4] }, '])
  const engine = pick(random, [
    [],
    [],
    ['engine: { decode: { max_batch_size: [32, 256] } }'],
    ['engine: { prefill: { max_batch_size: [1, 4] } }'],
    ['engine: { all: { max_num_tokens: [4096, 16384] } }'],
  ])
  return [`topologies: [${aggregated}${ratios}]`, ...engine]
}

function workloadsText(random: Random): string {
  const workloads = Array.from({ length: 1 + random.integer(2) }, (_, i) => {
    const [isl, osl] = [whole(random, 200, 12_000), whole(random, 16, 1000)]
    const spread = (mean: number) =>
      `{ lognormal: { mean: ${mean}, stddev: ${Math.round(mean * between(random, 0.2, 1))} } }`
    return random.uniform() < 0.4
      ? `{ name: mix-${i}, isl: ${spread(isl)}, osl: ${spread(osl)} }`
      : `{ name: fixed-${i}, isl: ${isl}, osl: ${osl} }`
  })
  return `workloads: [${workloads.join(', ')}]`
}

function loadText(random: Random, seed: number): string {
  const levels = 5 + random.integer(9)
  const heaviest = whole(random, 64, 384)
  const rising = (from: number, to: number) => [
    ...new Set(Array.from({ length: levels }, (_, i) => Math.round(from * (to / from) ** (i / (levels - 1))))),
  ]
  if (random.uniform() < 0.2) {
    const rates = rising(1, whole(random, 8, 48))
    return `load: { request_rate: [${rates.join(', ')}], arrivals: poisson, duration: ${pick(random, [60, 120])}s, warmup: 8, seed: ${seed} }`
  }
  return `load: { concurrency: [${rising(1, heaviest).join(', ')}], requests: ${pick(random, [3, 10])}x, warmup: 1x, seed: ${seed} }`
}

function sloText(random: Random): string {
  const ttft = Math.round(between(random, 300, 6000))
  const itl = Math.round(between(random, 8, 40))
  return pick(random, [
    `slo: { ttft_p95_ms: ${ttft}, itl_p95_ms: ${itl} }`,
    `slo: { ttft_p95_ms: ${ttft}, itl_p95_ms: ${itl} }`,
    `slo: { itl_p95_ms: ${itl} }`,
    `slo: { ttft_p95_ms: ${ttft} }`,
    `slo: { request_latency_p95_ms: ${Math.round(between(random, 2000, 40_000))} }`,
    '',
  ])
}

function noiseOf(random: Random): Noise {
  return { deviation: pick(random, [0, 0.01, 0.03]), invalid: pick(random, [0, 0, 0.03]) }
}

/** The same model on hardware that reads prompts and makes tokens at other speeds, with another memory and network. */
function otherHardware(profile: Profile, random: Random): Profile {
  const factor = (low: number, high: number) => between(random, low, high)
  const [prefill, decode] = [factor(0.3, 3), factor(0.5, 2)]
  const scaled = (times: Float64Array, by: number) => times.map(ms => ms * by)
  return {
    ...profile,
    kv: { ...profile.kv, freeBytesPerGpu: profile.kv.freeBytesPerGpu * factor(0.15, 1.5) },
    transfer: { ...profile.transfer, bytesPerS: profile.transfer.bytesPerS * factor(0.1, 2) },
    frontend: { fixedMs: factor(0.1, 20), per1000TokensMs: factor(0.05, 4) },
    tables: profile.tables.map(table => ({
      ...table,
      prefill: { ...table.prefill, y: scaled(table.prefill.y, prefill) },
      decode: { ...table.decode, z: scaled(table.decode.z, decode) },
    })),
  }
}
