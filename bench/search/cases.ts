import { join } from 'node:path'
import { planSweep } from '../../src/plan/plan.ts'
import { loadProfile, type Profile } from '../../src/simulator/profile.ts'
import { loadSweep, sweepOf } from '../../src/spec/load-sweep.ts'
import type { Plan, Sweep } from '../../src/spec/sweep.ts'
import { disk } from '../../src/yaml/files.ts'

/** How far measurements stray from what a system does. */
export interface Noise {
  /** Standard deviation of each figure's logarithm from one measurement to the next. */
  readonly deviation: number
  /** Share of the measurements that turn out invalid. */
  readonly invalid: number
}

export interface SearchCase {
  readonly name: string
  readonly plan: Plan
  readonly profile: Profile
  readonly noise: Noise
  /** What starting workers takes, s, all at once. */
  readonly redeployS: number
}

export const shippedProfile = await loadProfile('deepseek-r1-fp4-gb200')

const head = `model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
search: adaptive
`
const slo = 'slo: { ttft_p95_ms: 2000, itl_p95_ms: 25 }\n'
const guide = 'workloads: [8000/256, 1000/1000]\n'
const fine =
  'load: { concurrency: [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512], requests: 10x, warmup: 2x }\n'

/** Grids of the size that a search is for, beside the shipped sweeps. */
const larger: { readonly [name: string]: string } = {
  'guide-fine': `${head}topologies: [{ aggregated: 2 }, 1P1D, 2P1D, 1P2D]\n${guide}${fine}${slo}`,
  'ratios-4x4': `${head}topologies: [{ aggregated: [2, 4] }, { prefill: [1, 2, 3, 4], decode: [1, 2, 3, 4] }]\n${guide}${fine}${slo}`,
  'ratios-6x6': `${head}topologies: [{ aggregated: [2, 4, 8] }, { prefill: [1, 2, 3, 4, 5, 6], decode: [1, 2, 3, 4, 5, 6], max_gpus: 32 }]\n${guide}${fine}${slo}`,
  settings: `${head}topologies: [{ prefill: [1, 2, 3], decode: [1, 2, 3] }]
engine: { prefill: { max_batch_size: [1, 4] }, decode: { max_batch_size: [32, 128, 256] } }
${guide}${fine}${slo}`,
  'mixed-lengths': `${head}topologies: [{ aggregated: [1, 2] }, { prefill: [1, 2, 3], decode: [1, 2, 3] }]
workloads:
  - { name: chat, isl: { lognormal: { mean: 2000, stddev: 1500 } }, osl: { lognormal: { mean: 400, stddev: 300 } } }
${fine}${slo}`,
  rates: `${head}topologies: [{ aggregated: [1, 2] }, { prefill: [1, 2, 3], decode: [1, 2, 3] }]
workloads: [4000/400]
load: { request_rate: [1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32], arrivals: poisson, duration: 120s, warmup: 10s }
${slo}`,
}

/** Loading a large model takes minutes. */
const modelLoadS = 180

const exact: Noise = { deviation: 0, invalid: 0 }

/**
 * The shipped sweeps that deploy, with the worker starts that their deployers take, and larger grids with model loads.
 * All run on the simulated engine here.
 */
export async function namedCases(): Promise<readonly SearchCase[]> {
  const folder = join(import.meta.dirname, '../../sweeps')
  const files = { ...disk, kind: (path: string) => (path.includes('/.systems/') ? ('file' as const) : disk.kind(path)) }
  const made: { readonly sweep: Sweep; readonly redeployS: number }[] = []
  for (const name of ['quick', 'dynamo-mocker', 'capacity', 'nightly']) {
    const sweep = await loadSweep(join(folder, `${name}.yaml`), { files })
    made.push({ sweep, redeployS: sweep.deploy.startupS })
  }
  for (const [name, text] of Object.entries(larger))
    made.push({ sweep: await sweepFromText(name, text), redeployS: modelLoadS })
  return made.map(({ sweep, redeployS }) => {
    const plan = planSweep({ ...sweep, search: 'adaptive' })
    return { name: sweep.name, plan, profile: shippedProfile, noise: exact, redeployS }
  })
}

/** A sweep that stands in no file. */
export async function sweepFromText(name: string, text: string): Promise<Sweep> {
  const path = `${name}.yaml`
  return sweepOf({ text: `name: ${name}\n${text}`, path, shown: path, options: {} })
}
