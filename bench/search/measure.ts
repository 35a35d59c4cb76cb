import type { PointResult } from '../../src/journal/index.ts'
import { type Distribution, type Measurement, unknownHealth } from '../../src/metrics/measurement.ts'
import type { IsBeaten } from '../../src/metrics/stopping/stop.ts'
import { createRandom, type EngineSettings, FulcrumError, type Point } from '../../src/model/index.ts'
import type { Profile } from '../../src/simulator/profile.ts'
import { type SimulatedPoint, simulate } from '../../src/simulator/simulate.ts'
import type { Noise } from './cases.ts'

/** A point measured in virtual time, and the seconds that it would have taken. */
export interface Measured {
  readonly result: PointResult
  readonly seconds: number
}

/** Measures a point: the first time, unless said otherwise. The same each time it is asked for. */
export type Measurer = (point: Point, time?: number) => Measured

/** Settings that the simulated engine models; the others of a sweep for a real engine change nothing here. */
const modelled = ['max_batch_size', 'max_num_tokens', 'max_seq_len']

/** What the system does in steady state, without noise: long runs, their start not measured, of another seed. */
export function virtualTruth(profile: Profile): Measurer {
  return remembered(point => measure(point, lasting(point), profile))
}

/** What a point shows of that, as its sweep measures it. */
export function virtualMeasurer(profile: Profile): Measurer {
  return remembered(point => measure(point, point.load, profile))
}

/** Requests for each in flight, or seconds of an open loop, before a long run and in it. */
const long = { roundsBefore: 20, rounds: 80, secondsBefore: 200, seconds: 600 }

function lasting({ load }: Point): Point['load'] {
  const { requests: _, durationS: __, auto: ___, ...common } = load
  const seed = load.seed + 1
  if (load.level.kind === 'concurrency') {
    const { concurrency } = load.level
    const warmup = long.roundsBefore * concurrency
    const requests = Math.max(long.rounds * concurrency, 400)
    return { ...common, seed, warmup, requests, dataset: warmup + requests }
  }
  const rate = load.level.kind === 'rate' ? load.level.requestsPerS : 1
  return { ...common, seed, warmup: Math.ceil(rate * long.secondsBefore), durationS: long.seconds }
}

/** What a measurement shows of a point on a noisy machine. */
export function noisyMeasurer(quiet: Measurer, noise: Noise): Measurer {
  return remembered((point, time = 1) => {
    const { result, seconds } = quiet(point)
    if (result.measurement === null) return { result, seconds }
    const random = createRandom(time === 1 ? `noise/${point.id}` : `noise/${point.id}/${time}`)
    if (random.uniform() < noise.invalid)
      return { result: { ...result, status: 'invalid', reason: 'drawn as invalid' }, seconds }
    const stray = () => Math.exp(noise.deviation * random.normal())
    return { result: { ...result, measurement: strayed(result.measurement, stray(), stray(), stray()) }, seconds }
  })
}

/** A measurement whose figures stray from the truth by these factors. */
export function strayed(measurement: Measurement, ttft: number, itl: number, rate: number): Measurement {
  const scaled = (distribution: Distribution | null, by: number): Distribution | null =>
    distribution === null
      ? null
      : {
          ...distribution,
          mean: distribution.mean * by,
          p50: (distribution.p50 ?? Number.NaN) * by,
          p95: (distribution.p95 ?? Number.NaN) * by,
          p99: (distribution.p99 ?? Number.NaN) * by,
        }
  return {
    ...measurement,
    ttftMs: scaled(measurement.ttftMs, ttft),
    itlMs: scaled(measurement.itlMs, itl),
    requestLatencyMs: scaled(measurement.requestLatencyMs, Math.sqrt(ttft * itl)),
    outputTokensPerSPerUser: scaled(measurement.outputTokensPerSPerUser, 1 / itl),
    requestsPerS: (measurement.requestsPerS ?? Number.NaN) * rate,
    outputTokensPerS: (measurement.outputTokensPerS ?? Number.NaN) * rate,
  }
}

function remembered(measurer: Measurer): Measurer {
  const known = new Map<string, Measured>()
  return (point, time = 1) => {
    const key = `${point.id}/${time}`
    const before = known.get(key)
    if (before !== undefined) return before
    const measured = measurer(point, time)
    known.set(key, measured)
    return measured
  }
}

/** Simulates a point under a load; a load with `auto` ends as in `fulcrum run`. */
export function measure(point: Point, load: Point['load'], profile: Profile, isBeaten?: IsBeaten): Measured {
  const { deployment, workload, slo } = point
  const simulated: SimulatedPoint = {
    deployment: { topology: deployment.topology, engine: mapValues(deployment.engine) },
    workload,
    level: load.level,
    ...(load.requests === undefined ? { durationS: load.durationS ?? 60 } : { requests: load.requests }),
    ...(load.auto === undefined ? {} : { auto: load.auto }),
    warmup: load.warmup,
    ...(load.window === undefined ? {} : { window: load.window }),
    dataset: load.dataset,
    seed: load.seed,
    slo,
  }
  try {
    const prediction = simulate(simulated, profile, undefined, isBeaten)
    const seconds = prediction.wallS
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
