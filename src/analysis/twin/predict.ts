import type { Deployment, LoadLevel, Slo, Topology } from '../../model/index.ts'
import { canonicalJson, rolesOf, topologyLabel } from '../../model/index.ts'
import type { Profile } from '../../simulator/profile.ts'
import type { SimulatedWorkload, TraceRequests, WeightedWorkload } from '../../simulator/request-source.ts'
import type { SimulatedPoint, Simulation } from '../../simulator/simulate.ts'
import { simulate } from '../../simulator/simulate.ts'
import { figuresOf } from './errors.ts'
import { modelledEngine } from './fit-point.ts'
import { fittedProfile } from './parameters.ts'
import { extrapolations } from './range.ts'
import type { FigureErrors, StartedParts, Twin } from './twin.ts'

/** What is to be predicted; the parts of a {@link Point} fit as they are. */
export interface PredictionRequest {
  readonly topology: Topology
  /** Settings by role; none when absent. */
  readonly engine?: Deployment['engine']
  /** The measured ones' when absent. */
  readonly gpusPerWorker?: Deployment['gpusPerWorker']
  readonly workload: SimulatedWorkload | readonly WeightedWorkload[]
  readonly load: PredictedLoad
  readonly slo?: Slo
  /** Held against what the twin was fitted to. */
  readonly variant?: string
  readonly started?: StartedParts
}

/** A load section's own fields; without requests and duration, as many requests as steady figures need. */
export interface PredictedLoad {
  readonly level: LoadLevel
  readonly requests?: number
  readonly durationS?: number
  readonly graceS?: number
  readonly warmup?: number
  readonly seed?: number
  /** Distinct prompts, as in a load section; each request has lengths of its own when absent. */
  readonly dataset?: number
  readonly timeoutMs?: number
  /** The requests of a level of kind `trace`. */
  readonly trace?: TraceRequests
}

/** A figure with its band: nine of ten predictions like this one, held against a measurement, were within it. */
export interface PredictedFigure {
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface Prediction {
  readonly topology: string
  /** By figure name (points.csv). A figure whose error was never measured has a band from 0 to infinity. */
  readonly figures: { readonly [figure: string]: PredictedFigure }
  /** What the bands rest on: errors at other points of topologies that were fitted, or on whole topologies held out. */
  readonly basis: 'held-out-points' | 'held-out-topologies'
  /** Why this lies beyond what was measured, in words; the bands say nothing of that. Empty when it does not. */
  readonly extrapolated: readonly string[]
  readonly simulation: Simulation
}

/** Requests of a prediction where nothing says how many. */
const fewestRequests = 200

/** Predicts what a measurement of a point would say. The same request gives the same prediction. */
export function predictPoint(twin: Twin, request: PredictionRequest): Prediction {
  return predictionOf(twin, request, simulate(simulatedPoint(twin, request), twinProfile(twin)))
}

/** The profile that a twin's simulations run with. */
export function twinProfile(twin: Twin): Profile {
  return fittedProfile(twin.profile, twin.parameters)
}

/** What a prediction simulates, for those who simulate many at once; then {@link predictionOf}. */
export function simulatedPoint(twin: Twin, request: PredictionRequest): SimulatedPoint {
  const { topology, engine = {}, workload, load, slo } = request
  return {
    deployment: { topology, engine: modelledEngine({ topology, engine }, twin.profile).engine },
    workload,
    ...simulatedLoad(load),
    ...(slo === undefined ? {} : { slo }),
    routing: twin.routing,
  }
}

/** A prediction from its simulation: figures with their bands, and why it may lie beyond what was measured. */
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
 * What the twin knows nothing of: another router, other arguments or variables, another variant. A simulation has one
 * routing, the fitted one.
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

/** Replays a trace in virtual time on a topology that the twin knows or not. */
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
    ...(engine === undefined ? {} : { engine }),
    ...(slo === undefined ? {} : { slo }),
    workload: [],
    load: {
      level: { kind: 'trace', file: '', speed, ...(maxConcurrency === undefined ? {} : { maxConcurrency }) },
      trace,
    },
  }
  return simulate(simulatedPoint(twin, request), twinProfile(twin))
}

/**
 * {@link predictPoint} that remembers: each configuration is simulated once. Good for a search that asks again and
 * again.
 */
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
  const { level, requests, durationS, graceS, warmup, seed = 1, dataset, timeoutMs, trace } = load
  const held = level.kind === 'concurrency' ? level.concurrency : 0
  const decided = requests !== undefined || durationS !== undefined || level.kind === 'stages' || level.kind === 'trace'
  return {
    level,
    ...(requests === undefined ? {} : { requests }),
    ...(decided ? {} : { requests: Math.max(fewestRequests, 10 * held) }),
    ...(durationS === undefined ? {} : { durationS }),
    ...(graceS === undefined ? {} : { graceS }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(dataset === undefined ? {} : { dataset }),
    ...(trace === undefined ? {} : { trace }),
    warmup: warmup ?? (level.kind === 'trace' ? 0 : Math.max(16, 2 * held)),
    seed,
  }
}

/** A relative error e means that predicted = measured × (1 ± e), hence measured = predicted ÷ (1 ± e). */
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
