import type { GeneratorCapabilities } from '../capabilities.ts'

/** Capabilities of genai-perf 0.0.16 according to its flags. */
export const genaiPerfCapabilities: Partial<GeneratorCapabilities> = {
  apis: ['chat', 'completions'],
  loads: ['concurrency', 'rate'],
  arrivals: ['constant', 'poisson'],
  lengths: ['fixed', 'normal'],
  prefixes: true,
}
