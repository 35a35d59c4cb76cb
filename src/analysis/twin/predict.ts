import type { AutoWarmup, Deployment, LoadLevel, Slo, Topology } from '../../model/index.ts'
import { canonicalJson, defined, rolesOf, topologyLabel } from '../../model/index.ts'
import type { Profile } from '../../simulator/profile.ts'
import type { SimulatedWorkload, TraceRequests, WeightedWorkload } from '../../simulator/request-source.ts'
import type { SimulatedPoint, Simulation } from '../../simulator/simulate.ts'
import { simulate } from '../../simulator/simulate.ts'
import { figuresOf } from './errors.ts'
import { modelledEngine } from './fit-point.ts'
import { fittedProfile } from './parameters.ts'
import { extrapolations } from './range.ts'
import type { FigureErrors, StartedParts, Twin } from './twin.ts'

/** Subject of a prediction. The parts of a {@link Point} can be passed as they are. */
export interface PredictionRequest {
  readonly topology: Topology
  /** Settings by role; default: none. */
  readonly engine?: Deployment['engine']
  /** Default: those of the measured deployment. */
  readonly gpusPerWorker?: Deployment['gpusPerWorker']
  readonly workload: SimulatedWorkload | readonly WeightedWorkload[]
  readonly load: PredictedLoad
  readonly slo?: Slo
  /** Compared with the variant to which the twin was fitted. */
  readonly variant?: string
  readonly started?: StartedParts
}

/**
 * Load keys as in a load section. Without requests and duration, the prediction uses as many requests as steady figures
 * need.
 */
export interface PredictedLoad {
  readonly level: LoadLevel
  readonly requests?: number
  readonly durationS?: number
  readonly graceS?: number
  readonly warmup?: number
  readonly autoWarmup?: AutoWarmup
  readonly seed?: number
  /** Number of distinct prompts, as in a load section; default: each request has its own lengths. */
  readonly dataset?: number
  readonly timeoutMs?: number
  /** Requests of a level of kind `trace`. */
  readonly trace?: TraceRequests
}

/** A figure with a band that contained nine of ten measurements of comparable predictions. */
export interface PredictedFigure {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** A predicted measurement of a point. */
export interface Prediction {
  readonly topology: string
  /** By figure name (points.csv). A figure whose error was never measured has a band from 0 to infinity. */
  readonly figures: { readonly [figure: string]: PredictedFigure }
  /** Source of the bands: errors at other points of fitted topologies, or on topologies held out completely. */
  readonly basis: 'held-out-points' | 'held-out-topologies'
  /** Why this prediction lies beyond the measured range, which the bands do not cover. Empty if it does not. */
  readonly extrapolated: readonly string[]
  readonly simulation: Simulation
}

/** Minimum requests of a prediction without a given number. */
const fewestRequests = 200

/** Predicts the measurement of a point. Deterministic. */
export function predictPoint(twin: Twin, request: PredictionRequest): Prediction {
  return predictionOf(twin, request, simulate(simulatedPoint(twin, request), twinProfile(twin)))
}

/** Profile with which a twin's simulations run. */
export function twinProfile(twin: Twin): Profile {
  return fittedProfile(twin.profile, twin.parameters)
}

/**
 * The simulation behind a prediction, for callers that run many simulations at once. Pass its result to {@link
 * predictionOf}.
 */
export function simulatedPoint(twin: Twin, request: PredictionRequest): SimulatedPoint {
  const { topology, engine = {}, workload, load, slo } = request
  return {
    deployment: { topology, engine: modelledEngine({ topology, engine }, twin.profile).engine },
    workload,
    ...simulatedLoad(load),
    ...defined({ slo }),
    routing: twin.routing,
  }
}

/** Builds a prediction from its simulation: figures with bands, and why it may lie beyond the measured range. */
export function predictionOf(twin: Twin, request: PredictionRequest, simulation: Simulation): Prediction {
  const { topology, engine = {}, workload, gpusPerWorker = twin.gpusPerWorker } = request
  const deployment: Deployment = { id: '', topology, model: twin.model, engine, gpusPerWorker }
  const label = topologyLabel(topology)
  const basis = twin.range.topologies.includes(label) ? 'held-out-points' : 'held-out-topologies'
  const errors = basis === 'held-out-points' ? twin.errors.heldOutPoints : twin.errors.heldOutTopologies
  const beyond = [
    ...otherwiseStarted(twin, request),
    ...extrapolations(twin.range, {
      deployment,
      workloads: isMix(workload) ? workload.map(one => one.workload) : [workload],
      inFlight: simulation.inFlightMean,
    }),
  ]
  const traced = request.load.level.kind === 'trace'
  return {
    topology: label,
    figures: Object.fromEntries(
      Object.entries(figuresOf(simulation, deployment)).map(([name, value]) => [name, banded(value, errors[name])]),
    ),
    basis,
    extrapolated: traced ? [...beyond, 'a trace was replayed: bursts and shared prefixes were not measured'] : beyond,
    simulation,
  }
}

/**
 * Properties that the twin knows nothing about: another router, other arguments or variables, another variant. A
 * simulation has a single routing, the fitted one.
 */
function otherwiseStarted(twin: Twin, { topology, variant, started }: PredictionRequest): readonly string[] {
  const run = 'in the run that the twin was fitted to'
  if (twin.started === undefined || started === undefined || twin.started.deployer !== started.deployer) {
    if (variant === undefined || variant === twin.variant) return []
    return [`variant ${variant}: the twin was fitted to ${twin.variant ?? 'a run without variants'}`]
  }
  const { frontend, workers } = twin.started
  return [
    ...(started.frontend === frontend
      ? []
      : [`the frontend (router, flags, environment) is started otherwise than ${run}`]),
    ...rolesOf(topology)
      .filter(role => started.workers[role] !== workers[role])
      .map(role => `${role} workers are started otherwise than ${run}`),
  ]
}

/** Replays a trace in virtual time on a topology that need not have been measured. */
export function replayTrace(
  twin: Twin,
  topology: Topology,
  trace: TraceRequests,
  options: Pick<PredictionRequest, 'engine' | 'slo'> & {
    readonly speed?: number
    readonly maxConcurrency?: number
  } = {},
): Simulation {
  const { speed = 1, maxConcurrency, engine, slo } = options
  const request: PredictionRequest = {
    topology,
    ...defined({ engine, slo }),
    workload: [],
    load: {
      level: { kind: 'trace', file: '', speed, ...defined({ maxConcurrency }) },
      trace,
    },
  }
  return simulate(simulatedPoint(twin, request), twinProfile(twin))
}

/** Like {@link predictPoint}, but caches each configuration's simulation, for searches that ask repeatedly. */
export function createPredictor(twin: Twin): (request: PredictionRequest) => Prediction {
  const known = new Map<string, Prediction>()
  return request => {
    const { trace, ...load } = request.load
    const key = canonicalJson({ ...request, load, trace: trace === undefined ? null : [trace.count, ...trace.atMs] })
    const found = known.get(key) ?? predictPoint(twin, request)
    known.set(key, found)
    return found
  }
}

function simulatedLoad(load: PredictedLoad): Omit<SimulatedPoint, 'deployment' | 'workload'> {
  const { level, requests, durationS, graceS, warmup, autoWarmup, seed = 1, dataset, timeoutMs, trace } = load
  const held = level.kind === 'concurrency' ? level.concurrency : 0
  const decided = requests !== undefined || durationS !== undefined || level.kind === 'stages' || level.kind === 'trace'
  return {
    level,
    ...defined({ requests }),
    ...(decided ? {} : { requests: Math.max(fewestRequests, 10 * held) }),
    ...defined({ durationS, graceS, autoWarmup, timeoutMs, dataset, trace }),
    warmup: warmup ?? (level.kind === 'trace' ? 0 : Math.max(16, 2 * held)),
    seed,
  }
}

/** A relative error e means predicted = measured × (1 ± e), so measured = predicted ÷ (1 ± e). */
function banded(value: number, error: FigureErrors[string] | undefined): PredictedFigure {
  if (error === undefined || error.count < 2) return { value, low: 0, high: Number.POSITIVE_INFINITY }
  return {
    value,
    low: value / (1 + error.p90),
    high: error.p90 < 1 ? value / (1 - error.p90) : Number.POSITIVE_INFINITY,
  }
}

function isMix(workload: PredictionRequest['workload']): workload is readonly WeightedWorkload[] {
  return Array.isArray(workload)
}
