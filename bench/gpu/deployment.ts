/** vLLM behind Dynamo on borrowed GPUs, for the sweeps in this folder. */
import { env } from 'node:process'

/** MODEL is a folder with a model's shape and tokenizer, PYTHON a Python with ai-dynamo[vllm]. */
export const model = env.MODEL === undefined ? 'nvidia/DeepSeek-R1-FP4' : { name: 'served-model', tokenizer: env.MODEL }

/** vLLM's setting: graphs of decode batches, nothing compiled. */
const decodeGraphs = '{"mode":0,"cudagraph_mode":"FULL_DECODE_ONLY","cudagraph_capture_sizes":[1,2,4,8,16,24,32]}'

/**
 * Two workers share one GPU: each takes 40% of the memory, and both compute at once. That tells routers and caches apart;
 * it says nothing about two GPUs. Workers start in under a minute, because nothing is compiled for them.
 */
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

/**
 * A GPU for each worker. CUDA graphs of decode batches are captured in seconds and give decode its usual speed; only
 * torch.compile, which takes a minute, is left out.
 */
export const twoGpus = {
  ...sharedGpu,
  gpus: [0, 1],
  args: {
    ...(env.MODEL === undefined ? {} : { model: env.MODEL }),
    'load-format': 'dummy',
    'max-model-len': 8192,
    'gpu-memory-utilization': 0.5,
    'max-num-seqs': 64,
    ...(env.EAGER === undefined ? { 'compilation-config': decodeGraphs } : { 'enforce-eager': true }),
  },
} as const
