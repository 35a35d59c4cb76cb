import { readTrace } from '../../src/generators/trace.ts'
import { rolesOf, type Topology } from '../../src/model/index.ts'
import type { Profile } from '../../src/simulator/profile.ts'
import type { Simulation } from '../../src/simulator/simulate.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { kvTokens } from './dynamo-replay.ts'

/**
 * The same figures by the same names as Dynamo's replay has them, of the same trace on the same workers. Transfers take
 * no time, as in that.
 */
export async function ourReplay(file: string, topology: Topology, profile: Profile) {
  const trace = await readTrace(file, AbortSignal.timeout(60_000))
  const settings = { kv_cache_config: { max_tokens: kvTokens, free_gpu_memory_fraction: 1 } }
  const startMs = performance.now()
  const simulation = simulate(
    {
      deployment: {
        topology,
        engine: Object.fromEntries(rolesOf(topology).map(role => [role, settings])),
      },
      workload: [],
      level: { kind: 'trace', file, speed: 1 },
      trace,
      warmup: 0,
      seed: 1,
    },
    { ...profile, transfer: { bytesPerS: Number.POSITIVE_INFINITY, latencyMs: 0 } },
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
