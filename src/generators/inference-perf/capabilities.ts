import type { AskedLoad, GeneratorCapabilities, Shortfall } from '../capabilities.ts'

/** Capabilities of inference-perf 0.7 with the files that Fulcrum writes for it. */
export const inferencePerfCapabilities: Partial<GeneratorCapabilities> = {
  // With a file of prompts, it asks the chat API for 30 tokens whatever the file says.
  apis: ['completions'],
  loads: ['concurrency', 'rate'],
  // Its own `constant` has random gaps, so it sends at the times of a file.
  arrivals: ['constant', 'poisson', 'gamma'],
  maxConcurrency: true,
  lengths: ['fixed', 'normal', 'lognormal', 'uniform', 'empirical'],
  prefixes: true,
  windows: ['steady', 'whole'],
  // The texts of each point begin with different words.
  prompts: 'fresh',
}

/** Keys of a load that inference-perf cannot fulfill, beyond its general capabilities. */
export function inferencePerfShortfalls({ load }: AskedLoad): readonly Shortfall[] {
  const lacks = (key: string, wrong: string, right: string): Shortfall => ({
    ...{ section: 'load', key, right },
    wrong: `the generator inference-perf ${wrong}`,
  })
  return [
    ...(load.streaming ? [] : [lacks('streaming', 'is only read with streamed answers', 'remove streaming: false')]),
    ...(load.requests === undefined
      ? [lacks('duration', 'ends after a number of requests', 'write requests, such as 10x')]
      : []),
    ...(load.window === 'whole' && load.warmup > 0
      ? [lacks('warmup', 'does not drain a warm-up', 'write warmup: 0, or remove window')]
      : []),
    ...(Object.keys(load.extra).length > 0
      ? [lacks('extra', 'has no setting for further fields of a request', 'remove extra')]
      : []),
  ]
}
