import type { GeneratorCapabilities } from '../capabilities.ts'

/** What genai-perf 0.0.16 has flags for. */
export const genaiPerfCapabilities: Partial<GeneratorCapabilities> = {
  apis: ['chat', 'completions'],
  loads: ['concurrency', 'rate'],
  arrivals: ['constant', 'poisson'],
  lengths: ['fixed', 'normal'],
  prefixes: true,
}
