import type { GeneratorCapabilities } from '../capabilities.ts'

/** What AIPerf 0.13 is given flags for. */
export const aiperfCapabilities: Partial<GeneratorCapabilities> = {
  apis: ['chat', 'completions', 'responses'],
  loads: ['concurrency', 'rate'],
  arrivals: ['constant', 'poisson', 'gamma'],
  maxConcurrency: true,
  lengths: ['fixed', 'normal'],
  prefixes: true,
}
