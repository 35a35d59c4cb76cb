/** Whether 10x requests a slot recommend what 100x do (REQUESTS), over both splits of two GPUs: bench/gpu/engines.sh. */
import { env } from 'node:process'
import { defineSweep } from 'fulcrum'
import { model, twoGpus } from './deployment.ts'

const requests = env.REQUESTS ?? '10x'

export default defineSweep({
  name: `gpu-windows-${requests}`,
  model,
  deploy: twoGpus,
  topologies: ['1P1D', 'agg x2'],
  workloads: ['1000/32'],
  load: { concurrency: [8, 24], requests, warmup: '2x' },
  telemetry: { gpus: { nvidia_smi: true } },
  slo: { ttft_p95_ms: 1000, itl_p95_ms: 25 },
})
