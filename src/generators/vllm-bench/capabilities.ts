import type { Load } from '../../model/index.ts'
import type { AskedLoad, GeneratorCapabilities, Shortfall } from '../capabilities.ts'

/** Capabilities of vllm-rs 0.33 according to its options. */
export const vllmBenchCapabilities: Partial<GeneratorCapabilities> = {
  apis: ['chat', 'completions'],
  loads: ['concurrency', 'rate', 'trace'],
  arrivals: ['poisson', 'gamma'],
  maxConcurrency: true,
  // It sends the prompts of a file written for the point, whose texts include shared prefixes.
  lengths: ['fixed', 'normal', 'lognormal', 'uniform', 'empirical'],
  prefixes: true,
  windows: ['steady', 'whole'],
  // The prompts of each point begin with different words.
  prompts: 'fresh',
}

/**
 * Its multi-turn mode keeps no record of single requests, so conversations are not among its capabilities. It replays a
 * trace (`--dataset-name timed_trace`) as token ids, which only the completions API accepts, with each request at its
 * time.
 */
export function vllmBenchShortfalls({ load }: AskedLoad): readonly Shortfall[] {
  const { level } = load
  const lacks = (key: string, wrong: string, right: string) => ({ section: 'load' as const, key, wrong, right })
  return [
    ...(load.streaming
      ? []
      : [lacks('streaming', 'the generator vllm-bench always streams answers', 'remove streaming: false')]),
    ...(load.requests === undefined && level.kind !== 'trace'
      ? [lacks('duration', 'the generator vllm-bench ends after a number of requests', 'write requests, such as 10x')]
      : []),
    ...(level.kind === 'trace' ? traceShortfalls(load, level) : []),
  ]

  function traceShortfalls({ api, warmup }: Load, { users, maxConcurrency }: TraceLevel): Shortfall[] {
    return [
      ...(users === undefined
        ? []
        : [lacks('trace', 'the generator vllm-bench replays traces as they arrived, not with users', 'remove users')]),
      ...(maxConcurrency === undefined
        ? []
        : [lacks('max_concurrency', 'the generator vllm-bench does not limit a trace', 'remove max_concurrency')]),
      ...(api === 'completions'
        ? []
        : [lacks('api', 'the generator vllm-bench replays traces as token ids', 'write api: completions')]),
      ...(warmup === 0
        ? []
        : [lacks('warmup', 'the generator vllm-bench warms up with the first prompt of the trace', 'remove warmup')]),
    ]
  }
}

type TraceLevel = Extract<Load['level'], { kind: 'trace' }>
