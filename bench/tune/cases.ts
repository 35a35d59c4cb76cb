import { join } from 'node:path'
import type { BottleneckFinding } from '../../src/analysis/tune/bottleneck.ts'

/** A system that is held back by one thing, because it was made so. */
export interface KnownCase {
  readonly name: string
  readonly system: 'simulated engine' | 'Dynamo mocker'
  readonly truth: BottleneckFinding['stage']
  /** Why that is the truth. */
  readonly because: string
  /** A sweep of one deployment at a light and a heavy load. */
  readonly sweep: string
}

const systems = join(import.meta.dirname, '../../.systems')
const profiles = join(import.meta.dirname, '../../profiles')

interface Shape {
  readonly name: string
  readonly truth: BottleneckFinding['stage']
  readonly because: string
  readonly topology: string
  readonly workload: string
  readonly heavy: number
  /** In place of a closed loop of one and `heavy` requests. */
  readonly load?: string
  readonly engine?: string
  readonly args?: string
  readonly frontend?: string
  readonly requests?: string
}

/** A busy machine is no fault of what is looked at here. */
const lenient =
  'validity: { send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, in_flight_share: 0.01, run_queue_share: 1 }'

function sweepText(shape: Shape, deploy: string): string {
  const { name, topology, workload, heavy, engine, requests = '3x' } = shape
  const load = shape.load ?? `{ concurrency: [1, ${heavy}], requests: ${requests}, warmup: 1x }`
  return `name: ${name}
model: nvidia/DeepSeek-R1-FP4
deploy: ${deploy}
topologies: [${topology}]
${engine === undefined ? '' : `engine: ${engine}\n`}workloads: [${workload}]
load: ${load}
${lenient}
`
}

const simulated = (shape: Shape): KnownCase => ({
  name: shape.name,
  system: 'simulated engine',
  truth: shape.truth,
  because: shape.because,
  sweep: sweepText(shape, '{ with: simulated, profile: deepseek-r1-fp4-gb200 }'),
})

const mocker = (shape: Shape): KnownCase => ({
  name: shape.name,
  system: 'Dynamo mocker',
  truth: shape.truth,
  because: shape.because,
  sweep: sweepText(
    shape,
    `
  with: dynamo
  python: ${systems}/dynamo/bin/python
  backend: dynamo.mocker
  gpus_per_worker: 4
  args:
    model-path: nvidia/DeepSeek-R1-FP4
    engine-type: trtllm
    planner-profile-data: ${profiles}/deepseek-r1-fp4-gb200-tp4ep4.npz
    kv-bytes-per-token: 35136
${shape.args ?? ''}${shape.frontend === undefined ? '' : `  frontend_args: ${shape.frontend}\n`}  env: { HF_HOME: ${systems}/hf, HF_HUB_OFFLINE: 1 }`,
  ),
})

export const knownCases: readonly KnownCase[] = [
  simulated({
    name: 's-prefill',
    truth: 'prefill queueing',
    because: 'one prefill worker reads 8000-token prompts for three decode workers',
    topology: '1P3D',
    workload: '8000/16',
    heavy: 16,
  }),
  simulated({
    name: 's-prefill-mild',
    truth: 'prefill queueing',
    because: 'the same, pressed by four requests only',
    topology: '1P3D',
    workload: '8000/16',
    heavy: 4,
    requests: '8x',
  }),
  simulated({
    name: 's-decode-slots',
    truth: 'decode batch',
    because: 'the one decode worker has four slots',
    topology: '2P1D',
    workload: '200/100',
    heavy: 24,
    engine: '{ decode: { max_batch_size: 4 } }',
  }),
  simulated({
    name: 's-decode-steps',
    truth: 'decode batch',
    because: 'slots and memory are plenty, and steps slow down with the batch',
    topology: '2P1D',
    workload: '100/200',
    heavy: 128,
    requests: '2x',
  }),
  simulated({
    name: 's-kv-decode',
    truth: 'KV memory',
    because: 'the decode worker’s cache holds five requests',
    topology: '2P1D',
    workload: '1000/100',
    heavy: 24,
    engine: '{ decode: { kv_cache_config: { max_tokens: 6000 } } }',
  }),
  simulated({
    name: 's-kv-aggregated',
    truth: 'KV memory',
    because: 'the worker’s cache holds four requests',
    topology: '"agg x1"',
    workload: '1000/100',
    heavy: 16,
    engine: '{ aggregated: { kv_cache_config: { max_tokens: 5000 } } }',
  }),
  simulated({
    name: 's-prefill-aggregated',
    truth: 'prefill queueing',
    because: 'one worker reads 8000-token prompts for answers of 16',
    topology: '"agg x1"',
    workload: '8000/16',
    heavy: 12,
  }),
  simulated({
    name: 's-slots-aggregated',
    truth: 'decode batch',
    because: 'the worker has four slots, and prompts are short',
    topology: '"agg x1"',
    workload: '200/100',
    heavy: 24,
    engine: '{ aggregated: { max_batch_size: 4 } }',
  }),
  simulated({
    name: 's-nothing',
    truth: 'none shown',
    because: 'two requests on a system for hundreds',
    topology: '2P2D',
    workload: '500/50',
    heavy: 2,
    requests: '8x',
  }),
  // Thresholds were not looked at with these in hand.
  simulated({
    name: 'h-prefill-long',
    truth: 'prefill queueing',
    because: 'prompts of 16,000 tokens for one prefill worker',
    topology: '1P1D',
    workload: '16000/32',
    heavy: 8,
  }),
  simulated({
    name: 'h-cache-small-enough',
    truth: 'prefill queueing',
    because: 'the decode cache holds nine requests, which is more than prefill can feed it',
    topology: '1P1D',
    workload: '2000/20',
    heavy: 16,
    engine: '{ decode: { kv_cache_config: { max_tokens: 20000 } } }',
  }),
  simulated({
    name: 'h-slots-enough',
    truth: 'prefill queueing',
    because: 'the decode worker has 16 slots, which is more than prefill can fill',
    topology: '1P1D',
    workload: '4000/20',
    heavy: 12,
    engine: '{ decode: { max_batch_size: 16 } }',
  }),
  simulated({
    name: 'h-steps-aggregated',
    truth: 'decode batch',
    because: 'prompts of 50 tokens, slots and memory are plenty, steps slow down with the batch',
    topology: '"agg x1"',
    workload: '50/200',
    heavy: 96,
    requests: '2x',
  }),
  mocker({
    name: 'm-prefill',
    truth: 'prefill queueing',
    because: 'one prefill worker reads 8000-token prompts for two decode workers',
    topology: '1P2D',
    workload: '8000/16',
    heavy: 16,
  }),
  mocker({
    name: 'm-decode-slots',
    truth: 'decode batch',
    because: 'the one decode worker has four slots',
    topology: '1P1D',
    workload: '200/100',
    heavy: 24,
    engine: '{ decode: { max_num_seqs: 4 } }',
  }),
  mocker({
    name: 'm-decode-slow',
    truth: 'decode batch',
    because: 'decode steps grow with the batch, prompts are short',
    topology: '1P1D',
    workload: '100/200',
    heavy: 64,
    requests: '2x',
  }),
  mocker({
    name: 'm-kv-decode',
    truth: 'KV memory',
    because: '200 blocks of 32 tokens: the decode worker’s cache holds five requests',
    topology: '1P1D',
    workload: '1000/100',
    heavy: 24,
    engine: '{ decode: { num_gpu_blocks_override: 200 } }',
  }),
  mocker({
    name: 'm-transfer',
    truth: 'KV transfer',
    because:
      '0.2 GB/s between workers: a prompt’s cache of 280 MB takes 1.4 s, reading it 0.17 s; an aggregated worker beside it moves none',
    topology: '1P1D, "agg x1"',
    workload: '8000/16',
    heavy: 6,
    args: '    kv-transfer-bandwidth: 0.2\n',
  }),
  mocker({
    name: 'm-router',
    truth: 'router imbalance',
    because:
      'the KV router prefers the worker that it gave the prefix that all prompts share, whatever that worker’s load',
    topology: '"agg x2"',
    workload: '{ isl: 1000, osl: 100, prefix: { share: 0.9, count: 1 } }',
    heavy: 8,
    // One by one: a burst would reach both workers before the router remembers either.
    load: '{ request_rate: [2, 8], requests: 80, warmup: 0 }',
    engine: '{ aggregated: { max_num_seqs: 4 } }',
    frontend:
      '{ router-mode: kv, no-router-kv-events: true, no-router-track-active-blocks: true, router-kv-overlap-score-credit: 100 }',
  }),
  mocker({
    name: 'm-prefill-aggregated',
    truth: 'prefill queueing',
    because: 'one worker reads 8000-token prompts for answers of 16',
    topology: '"agg x1"',
    workload: '8000/16',
    heavy: 12,
  }),
  mocker({
    name: 'm-nothing',
    truth: 'none shown',
    because: 'two requests on a system for hundreds',
    topology: '1P1D',
    workload: '500/50',
    heavy: 2,
    requests: '8x',
  }),
]
