/** What n-gram speculation accepts and gains, by the entropy of the prompts: bench/gpu/engines.sh runs it. */
import { defineSweep } from 'fulcrum'
import { model, sharedGpu } from './deployment.ts'

export default defineSweep({
  name: 'gpu-speculation',
  model,
  deploy: { ...sharedGpu, args: { ...sharedGpu.args, 'gpu-memory-utilization': 0.85 } },
  variants: {
    none: {},
    ngram: {
      deploy: {
        args: { 'speculative-config': '{"method":"ngram","num_speculative_tokens":4,"prompt_lookup_max":4}' },
      },
    },
  },
  topologies: ['agg x1'],
  workloads: [{ dataset: '../../sweeps/mtp.jsonl', isl: 128, osl: 256 }],
  load: { concurrency: [1, 8], requests: '10x', warmup: '2x' },
  telemetry: { gpus: { nvidia_smi: true } },
})
