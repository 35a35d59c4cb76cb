/** Whether 10x requests a slot recommend what 100x do (REQUESTS), over two splits of one GPU: bench/gpu/engines.sh runs both. */
import { env } from 'node:process'
import { defineSweep } from 'fulcrum'
import { model, sharedGpu } from './deployment.ts'

const requests = env.REQUESTS ?? '10x'

export default defineSweep({
  name: `gpu-windows-${requests}`,
  model,
  deploy: sharedGpu,
  topologies: ['agg x2', '1P1D'],
  workloads: ['1000/64'],
  load: { concurrency: [4, 12], requests, warmup: '2x' },
  slo: { ttft_p95_ms: 300, itl_p95_ms: 25 },
})
