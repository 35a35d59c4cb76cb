import type { AskedLoad, GeneratorCapabilities, Shortfall } from '../capabilities.ts'

/** Capabilities of AIPerf 0.13 as Fulcrum calls it. */
export const aiperfCapabilities: Partial<GeneratorCapabilities> = {
  apis: ['chat', 'completions', 'responses'],
  loads: ['concurrency', 'rate', 'trace'],
  arrivals: ['constant', 'poisson', 'gamma'],
  maxConcurrency: true,
  lengths: ['fixed', 'normal'],
  prefixes: true,
  reasoning: true,
}

/** Trace features that Fulcrum does not pass to AIPerf. */
export function aiperfShortfalls({ load }: AskedLoad): readonly Shortfall[] {
  const { level } = load
  if (level.kind !== 'trace') return []
  const lacks = (key: string, wrong: string, right: string) => ({ section: 'load' as const, key, wrong, right })
  return [
    ...(level.users === undefined
      ? []
      : [lacks('trace', 'the generator aiperf replays traces as they arrived, not with users', 'remove users')]),
    ...(level.maxConcurrency === undefined
      ? []
      : [lacks('max_concurrency', 'the generator aiperf does not limit a trace', 'remove max_concurrency')]),
    ...(load.api === 'chat' ? [] : [lacks('api', 'the generator aiperf replays traces as chats', 'write api: chat')]),
    ...(load.warmup === 0
      ? []
      : [lacks('warmup', 'the generator aiperf replays a trace without a warm-up', 'remove warmup')]),
  ]
}
