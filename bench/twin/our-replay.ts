import { readTrace } from '../../src/generators/trace.ts'
import type { Profile } from '../../src/simulator/profile.ts'
import type { Simulation } from '../../src/simulator/simulate.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { kvTokens } from './dynamo-replay.ts'

/** The same figures by the same names as Dynamo's replay has them, of the same trace on as many workers. */
export async function ourReplay(file: string, workers: number, profile: Profile) {
  const trace = await readTrace(file, AbortSignal.timeout(60_000))
  const startMs = performance.now()
  const simulation = simulate(
    {
      deployment: {
        topology: { kind: 'aggregated', workers },
        engine: { aggregated: { kv_cache_config: { max_tokens: kvTokens, free_gpu_memory_fraction: 1 } } },
      },
      workload: [],
      level: { kind: 'trace', file, speed: 1 },
      trace,
      warmup: 0,
      seed: 1,
    },
    profile,
  )
  return { replayMs: performance.now() - startMs, figures: figuresOf(simulation) }
}

function figuresOf(simulation: Simulation): { readonly [name: string]: number } {
  const { durationS, ttftMs, itlMs, requestLatencyMs, outputTokensPerS } = simulation
  return {
    'duration, s': durationS,
    'TTFT mean, ms': ttftMs?.mean ?? Number.NaN,
    'TTFT p95, ms': ttftMs?.p95 ?? Number.NaN,
    'ITL mean, ms': itlMs?.mean ?? Number.NaN,
    'request latency mean, ms': requestLatencyMs?.mean ?? Number.NaN,
    'output tokens/s': outputTokensPerS,
  }
}
