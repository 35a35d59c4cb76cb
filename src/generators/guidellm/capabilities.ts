import type { AskedLoad, GeneratorCapabilities, Shortfall } from '../capabilities.ts'

/** Capabilities of GuideLLM 0.8 according to its settings. */
export const guideLlmCapabilities: Partial<GeneratorCapabilities> = {
  apis: ['chat', 'completions'],
  loads: ['concurrency', 'rate'],
  arrivals: ['constant', 'poisson'],
  maxConcurrency: true,
  // It sends the prompts of a file written for the point, whose texts include shared prefixes.
  lengths: ['fixed', 'normal', 'lognormal', 'uniform', 'empirical'],
  prefixes: true,
  windows: ['steady', 'whole'],
  // The texts of each point begin with different words.
  prompts: 'fresh',
}

/** Keys of a load that GuideLLM cannot fulfill, beyond its general capabilities. */
export function guideLlmShortfalls({ load }: AskedLoad): readonly Shortfall[] {
  const lacks = (key: string, wrong: string, right: string) => ({ section: 'load' as const, key, wrong, right })
  return [
    ...(load.streaming
      ? []
      : [lacks('streaming', 'the generator guidellm always streams answers', 'remove streaming: false')]),
    ...(load.requests === undefined
      ? [lacks('duration', 'the generator guidellm ends after a number of requests', 'write requests, such as 10x')]
      : []),
    ...(load.window === 'whole' && load.warmup > 0
      ? [lacks('warmup', 'the generator guidellm does not drain a warm-up', 'write warmup: 0, or remove window')]
      : []),
  ]
}
