/**
 * vLLM behind Dynamo on one borrowed GPU, for the sweeps in this folder. Two workers share the GPU: each takes its part of the
 * memory, and both compute at once. That tells routers, caches and windows apart; it says nothing about two GPUs.
 */
import { env } from 'node:process'

/** MODEL is a folder with a model's shape and tokenizer, PYTHON a Python with ai-dynamo[vllm]. */
export const model = env.MODEL === undefined ? 'nvidia/DeepSeek-R1-FP4' : { name: 'served-model', tokenizer: env.MODEL }

/** Workers that start in under a minute, because nothing is compiled for them (`enforce-eager`), each on 40% of the GPU. */
export const sharedGpu = {
  with: 'dynamo',
  python: env.PYTHON ?? 'python3',
  backend: 'dynamo.vllm',
  gpus_per_worker: 1,
  ready_timeout: '5m',
  args: {
    ...(env.MODEL === undefined ? {} : { model: env.MODEL }),
    'load-format': 'dummy',
    'max-model-len': 8192,
    'gpu-memory-utilization': 0.4,
    'max-num-seqs': 64,
    'enforce-eager': true,
  },
  env: { HF_HUB_OFFLINE: '1' },
} as const
