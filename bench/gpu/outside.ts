/** A running vLLM server on the first GPU, under the load of GENERATOR: bench/gpu/engines.sh takes turns. */
import { env } from 'node:process'
import { defineSweep } from 'fulcrum'
import { model } from './deployment.ts'

const generator = (['vllm-bench', 'aiperf'] as const).find(name => name === env.GENERATOR) ?? 'built-in'

export default defineSweep({
  name: `gpu-outside-${generator}`,
  model,
  deploy: { with: 'attach', url: 'http://127.0.0.1:24567', gpus: 1, dialect: 'openai' },
  topologies: ['agg x1'],
  workloads: [{ isl: 1000, osl: 64 }],
  load: { concurrency: [8, 24], requests: '20x', warmup: '2x' },
  generator: { name: generator },
  telemetry: { gpus: { nvidia_smi: true, devices: { aggregated: [0] } } },
})
