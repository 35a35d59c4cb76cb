/** What n-gram speculation accepts and gains over prompts of prose: bench/gpu/engines.sh runs it. */
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
  workloads: [{ dataset: 'prompts.jsonl', isl: 130, osl: 256 }],
  load: { concurrency: [4, 8], requests: 40, warmup: 8 },
  telemetry: { gpus: { nvidia_smi: true } },
})
