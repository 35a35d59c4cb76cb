/**
 * The guide's law on real GPUs: which prefill:decode ratio is best depends on the lengths. vLLM behind Dynamo 1.x on one
 * machine, one GPU a worker, with as many GPUs as GPUS says (2, 4 or 8): all of them aggregated, and every way to split
 * them that issue the question.
 *
 *   GPUS=4 fulcrum run sweeps/gpu-ratio.ts
 *
 * MODEL is a folder with a model and its tokenizer, PYTHON a Python with ai-dynamo[vllm]. LOAD_FORMAT=dummy runs without
 * weights. What was measured with it: docs/bench/gpu.md.
 */
import { env } from 'node:process'
import { defineSweep } from 'fulcrum'

const gpus = Number(env.GPUS ?? 2)
const model = env.MODEL ?? 'nvidia/DeepSeek-R1-FP4'
/** Prefill workers of the splits; four GPUs have all three, eight the even ones. */
const prefill = gpus === 8 ? [2, 4, 6] : Array.from({ length: gpus - 1 }, (_, i) => i + 1)

export default defineSweep({
  name: `gpu-ratio-${gpus}`,
  model: env.MODEL === undefined ? model : { name: 'served-model', tokenizer: model },
  deploy: {
    with: 'dynamo',
    python: env.PYTHON ?? 'python3',
    backend: 'dynamo.vllm',
    gpus: Array.from({ length: gpus }, (_, i) => i),
    ready_timeout: '10m',
    args: {
      ...(env.MODEL === undefined ? {} : { model }),
      ...(env.LOAD_FORMAT === undefined ? {} : { 'load-format': env.LOAD_FORMAT }),
      'max-model-len': 8192,
      'gpu-memory-utilization': 0.85,
      'max-num-seqs': 128,
    },
    env: { HF_HUB_OFFLINE: '1' },
  },
  topologies: [{ aggregated: gpus }, ...prefill.map(workers => ({ prefill: workers, decode: gpus - workers }))],
  // Bound by prefill, and by decode.
  workloads: ['4000/64', '500/500'],
  load: { concurrency: [2 * gpus, 8 * gpus, 24 * gpus], requests: env.REQUESTS ?? '10x', warmup: '1x' },
  slo: { ttft_p95_ms: 1000, itl_p95_ms: 25 },
})
