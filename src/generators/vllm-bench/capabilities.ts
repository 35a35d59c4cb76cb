import type { AskedLoad, GeneratorCapabilities, Shortfall } from '../capabilities.ts'

/** What vllm-rs 0.33 has options for. */
export const vllmBenchCapabilities: Partial<GeneratorCapabilities> = {
  apis: ['chat', 'completions'],
  loads: ['concurrency', 'rate'],
  arrivals: ['poisson', 'gamma'],
  maxConcurrency: true,
  // It sends the prompts of a file that is written for the point: shared prefixes stand in their texts.
  lengths: ['fixed', 'normal', 'lognormal', 'uniform', 'empirical'],
  prefixes: true,
  windows: ['steady', 'whole'],
  // Each point has words of its own in front of its prompts.
  prompts: 'fresh',
}

/**
 * Its multi-turn mode keeps no record of single requests, which is why conversations are not among the above. Its replay
 * (`--dataset-name timed_trace`) makes the same tokens of a hash id at every point, so that a prefix cache knows them from
 * the point before, and knows no sessions: traces are not among them either.
 */
export function vllmBenchShortfalls({ load }: AskedLoad): readonly Shortfall[] {
  const lacks = (key: string, wrong: string, right: string) => ({ section: 'load' as const, key, wrong, right })
  return [
    ...(load.streaming
      ? []
      : [lacks('streaming', 'the generator vllm-bench always streams answers', 'remove streaming: false')]),
    ...(load.requests === undefined && load.level.kind !== 'trace'
      ? [lacks('duration', 'the generator vllm-bench ends after a number of requests', 'write requests, such as 10x')]
      : []),
  ]
}
