/** Round-robin and kv routing over prompts with shared prefixes, as sweeps/variants.yaml asks the mocker: bench/gpu/engines.sh. */
import { defineSweep } from 'fulcrum'
import { model, sharedGpu } from './deployment.ts'

export default defineSweep({
  name: 'gpu-variants',
  model,
  // 89,600 tokens a worker: the 35 prefixes need 126,000, so that a worker that gets all of them has evicted each before it returns.
  deploy: {
    ...sharedGpu,
    args: {
      ...sharedGpu.args,
      'num-gpu-blocks-override': 5600,
      'kv-events-config': {
        publisher: 'zmq',
        endpoint: 'tcp://127.0.0.1:{port}',
        topic: 'kv-events',
        enable_kv_cache_events: true,
      },
    },
  },
  variants: { 'round-robin': {}, kv: { deploy: { frontend_args: { 'router-mode': 'kv' } } } },
  topologies: ['agg x2'],
  workloads: [{ isl: 4000, osl: 32, prefix: { share: [0, 0.9], count: 35 } }],
  load: { concurrency: [12], requests: 105, warmup: 70 },
  repeats: 2,
  telemetry: { gpus: { nvidia_smi: true } },
})
