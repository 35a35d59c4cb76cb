import type { Profile } from '../../src/engine/profile.ts'
import { type SimulatedPoint, simulate } from '../../src/engine/simulate.ts'
import type { PointResult } from '../../src/journal/index.ts'
import { unknownHealth } from '../../src/metrics/measurement.ts'
import { type EngineSettings, FulcrumError, type Point } from '../../src/point/index.ts'

/** A point measured in virtual time, and the seconds that it would have taken. */
export interface Measured {
  readonly result: PointResult
  readonly seconds: number
}

/** Settings that the simulated engine models; the others of a sweep for a real engine change nothing here. */
const modelled = ['max_batch_size', 'max_num_tokens', 'max_seq_len']

/** Measures points in virtual time, each once however often it is asked for. */
export function virtualMeasurer(profile: Profile): (point: Point) => Measured {
  const known = new Map<string, Measured>()
  return point => {
    const before = known.get(point.id)
    if (before !== undefined) return before
    const measured = measure(point, profile)
    known.set(point.id, measured)
    return measured
  }
}

function measure(point: Point, profile: Profile): Measured {
  const { load, deployment, workload, slo } = point
  const rate = load.level.kind === 'rate' ? load.level.requestsPerS : 1
  const requests = load.requests ?? Math.max(1, Math.round((load.durationS ?? 60) * rate))
  const simulated: SimulatedPoint = {
    deployment: { topology: deployment.topology, engine: mapValues(deployment.engine) },
    workload,
    level: load.level,
    requests,
    warmup: load.warmup,
    seed: load.seed,
    slo,
  }
  try {
    const prediction = simulate(simulated, profile)
    const seconds = prediction.durationS * (1 + load.warmup / requests)
    const measurement = {
      ...prediction,
      generator: { name: 'built-in', version: 'virtual time' },
      startedAt: '',
      wallS: seconds,
      errors: [],
      ttstMs: null,
      fromSend: null,
      prefillTokensPerSPerUser: null,
      tokenSource: 'usage',
      steady: null,
      client: unknownHealth,
      deviation: { isl: null, osl: null },
      files: [],
    } as const
    return { result: { point, status: 'ok', reason: '', findings: [], measurement }, seconds }
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    return { result: { point, status: 'failed', reason: error.message, findings: [], measurement: null }, seconds: 0 }
  }
}

function mapValues(engine: Point['deployment']['engine']): Point['deployment']['engine'] {
  const keep = (settings: EngineSettings) =>
    Object.fromEntries(Object.entries(settings).filter(([name]) => modelled.includes(name)))
  return Object.fromEntries(Object.entries(engine).map(([role, settings]) => [role, keep(settings ?? {})]))
}
