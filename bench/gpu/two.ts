/** One prefill with one decode worker on two GPUs, and aggregated workers beside them: bench/gpu/engines.sh runs it. */
import { defineSweep } from 'fulcrum'
import { model, twoGpus } from './deployment.ts'

export default defineSweep({
  name: 'gpu-two',
  model,
  deploy: twoGpus,
  topologies: ['1P1D', 'agg x2', 'agg x1'],
  workloads: ['4000/128'],
  load: { concurrency: [4, 16, 32], requests: '10x', warmup: '2x' },
  telemetry: { gpus: { nvidia_smi: true } },
  slo: { ttft_p95_ms: 1000, itl_p95_ms: 25 },
})
