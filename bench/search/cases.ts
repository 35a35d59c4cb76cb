import { join } from 'node:path'
import { abilitiesOf } from '../../src/deploy/abilities.ts'
import { disk } from '../../src/sweep/file/files.ts'
import { loadSweep, sweepOf } from '../../src/sweep/load-sweep.ts'
import { planSweep } from '../../src/sweep/plan.ts'
import type { Plan, Sweep } from '../../src/sweep/sweep.ts'

export interface SearchCase {
  readonly name: string
  readonly plan: Plan
}

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

/** The shipped sweeps that deploy, and the larger grids. Only their points matter here: all run on the simulated engine. */
export async function searchCases(): Promise<readonly SearchCase[]> {
  const folder = join(import.meta.dirname, '../../sweeps')
  const files = { ...disk, kind: (path: string) => (path.includes('/.systems/') ? ('file' as const) : disk.kind(path)) }
  const shipped = []
  for (const name of ['quick', 'dynamo-mocker', 'capacity', 'nightly'])
    shipped.push(await loadSweep(join(folder, `${name}.yaml`), { files }))
  const made: Sweep[] = []
  for (const [name, text] of Object.entries(larger)) {
    const path = `${name}.yaml`
    made.push(
      await sweepOf({ text: `name: ${name}\n${text}`, path, shown: path, options: {}, askDeployer: abilitiesOf }),
    )
  }
  return [...shipped, ...made].map(sweep => ({ name: sweep.name, plan: planSweep({ ...sweep, search: 'adaptive' }) }))
}
