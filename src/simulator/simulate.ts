import type { CountedMeasurement } from '../metrics/measurement.ts'
import { type IsBeaten, stopRuleOf } from '../metrics/stopping/stop.ts'
import type {
  AutoRequests,
  AutoWarmup,
  Deployment,
  LoadLevel,
  Role,
  Slo,
  Topology,
  WindowKind,
} from '../model/index.ts'
import {
  arrivalSource,
  arrivalsAround,
  createRandom,
  defined,
  FulcrumError,
  mostWarmup,
  openLoopConnections,
  ratesAround,
  rolesOf,
  windowOf,
  workersOf,
} from '../model/index.ts'
import type { Engine } from './engine.ts'
import { createEngine } from './engine.ts'
import type { ExchangeContext, LoopLimits } from './exchange.ts'
import type { ClosedLoad, OpenLoad } from './load-loop.ts'
import { createLoadLoop } from './load-loop.ts'
import type { Profile } from './profile.ts'
import { createRecorder } from './recorder.ts'
import type { Dataset, RequestSource, SimulatedWorkload, TraceRequests, WeightedWorkload } from './request-source.ts'
import { drawnRequests, tracedRequests } from './request-source.ts'
import type { RouterMode } from './routing.ts'
import { createSimulationWatch, type SimulationWatch } from './simulation-watch.ts'
import type { EngineWatch } from './watch.ts'
import { watched } from './watch.ts'

/** A point to simulate; parts of a {@link Point} can be passed as they are. */
export interface SimulatedPoint {
  /**
   * Stops as soon as the deciding figures are certain or precise; {@link requests} is then the maximum. Where the rule
   * does not apply (loads without a single rate, and windows that are not steady), all of them are measured.
   */
  readonly auto?: AutoRequests
  readonly deployment: Pick<Deployment, 'topology' | 'engine'>
  /** One workload, or several mixed by weight; ignored if a trace determines the requests. */
  readonly workload: SimulatedWorkload | readonly WeightedWorkload[]
  readonly level: LoadLevel
  /** Measured requests; absent if `durationS`, the stages or the trace decide. */
  readonly requests?: number
  /** Measured time in seconds; absent if `requests` decides. */
  readonly durationS?: number
  /** Seconds that requests in flight may take after `durationS`; default: unlimited. */
  readonly graceS?: number
  /** Timeout of a request; default: none. */
  readonly timeoutMs?: number
  /** Requests sent before the measured ones, at the level's concurrency. */
  readonly warmup: number
  /** Moves the window on until TTFT no longer falls in it, as in {@link Load}; only for closed loops without turns. */
  readonly autoWarmup?: AutoWarmup
  /** Requests the figures of a whole run, after draining its warm-up, as in {@link Load}. */
  readonly window?: 'whole'
  readonly seed: number
  /**
   * Number of distinct prompts. If there are more requests, prompts repeat and are then in the prefix cache. Default:
   * all are distinct.
   */
  readonly dataset?: number
  readonly slo?: Slo
  readonly routing?: RouterMode
  /** Requests of a load level of kind `trace`. */
  readonly trace?: TraceRequests
}

/** Result of simulating a point: a measurement, plus values that only a simulation can observe. */
export interface Simulation extends CountedMeasurement {
  /**
   * Time-weighted mean of requests in flight over the whole window. The client's value excludes the drain at its end.
   */
  readonly inFlightMean: number
  /** Share of the window that the workers of a role spent in passes, 0–1; roles without workers have no key. */
  readonly busyShare: { readonly [role in Role]?: number }
}

/** Time that the workers of each role have spent in passes, ms. */
function busyMs(engine: Engine): { [role in Role]?: number } {
  const busy: { [role in Role]?: number } = {}
  for (const { role, load } of engine.workers()) busy[role] = (busy[role] ?? 0) + load.busyMs
  return busy
}

/** Share of time that workers were busy between two results of {@link busyMs}, by role. */
function busyShares(
  topology: Topology,
  windowMs: number,
  before: Simulation['busyShare'],
  after: Simulation['busyShare'],
): Simulation['busyShare'] {
  return Object.fromEntries(
    rolesOf(topology).map(role => {
      const workerMs = windowMs * workersOf(topology, role)
      return [role, workerMs > 0 ? Math.min(1, ((after[role] ?? 0) - (before[role] ?? 0)) / workerMs) : 0]
    }),
  )
}

/** Number of the client's connections at the start of the load. */
function connectionCount(level: LoadLevel, warmup: number): number {
  return level.kind === 'concurrency'
    ? level.concurrency
    : Math.min(level.maxConcurrency ?? openLoopConnections, Math.max(openLoopConnections, warmup))
}

/** Due times of a trace's requests, one at a time. */
function traceTimes({ trace, requests }: SimulatedPoint, speed: number, endMs: number): () => number {
  const most = Math.min(trace?.count ?? 0, requests ?? Number.POSITIVE_INFINITY)
  let taken = 0
  return () => {
    if (taken >= most) return Number.POSITIVE_INFINITY
    const atMs = (trace?.atMs[taken++] ?? Number.NaN) / speed
    return atMs < endMs ? atMs : Number.POSITIVE_INFINITY
  }
}

function datasetOf({ dataset, requests, autoWarmup }: SimulatedPoint, repeats: boolean): Dataset | null {
  if (dataset === undefined) return null
  return { prompts: dataset, repeats, ...defined({ period: autoWarmup === undefined ? undefined : requests }) }
}

/** Whether a point may send more requests than it has prompts. */
function repeatsPrompts({ dataset, requests = Number.POSITIVE_INFINITY, ...point }: SimulatedPoint): boolean {
  return dataset !== undefined && mostWarmup(point) + requests > dataset
}

function sourceOf(point: SimulatedPoint, repeats = repeatsPrompts(point)): RequestSource {
  if (point.level.kind !== 'trace') {
    return drawnRequests(point.workload, createRandom(point.seed), datasetOf(point, repeats))
  }
  if (point.trace !== undefined && point.trace.count > 0) return tracedRequests(point.trace)
  throw new FulcrumError('bad-input', 'trace-missing', `The requests of ${point.level.file} were not given`, {
    remedy: 'read the trace and pass it with the point',
  })
}

/**
 * Simulates a point in virtual time: the same engine that answers over HTTP, loaded as by the built-in generator, as
 * fast as the processor allows. Deterministic. Memory does not grow with requests, except for queued ones and those of
 * a trace.
 * @param look observes the engine without changing anything
 * @param isBeaten ends a load with `auto` that can no longer win, as in a search
 * @throws FulcrumError bad-input `engine-setting` for settings that the model does not support, `trace-missing` for a
 *   trace load without its trace
 */
export function simulate(point: SimulatedPoint, profile: Profile, look?: EngineWatch, isBeaten?: IsBeaten): Simulation {
  const turns = turnsOf(point.workload)
  const rule = windowOf(point, turns) === 'steady' ? stopRuleOf(point, point.slo ?? {}, isBeaten, turns) : null
  if (rule === null) return simulateOnce(point, profile, null, undefined, look)
  // Runs once to find where to stop and once up to there, so that memory does not grow with requests and the figures
  // are of the requests that decided.
  const { requests } = point
  const watch = createSimulationWatch(rule, point.timeoutMs ?? Number.POSITIVE_INFINITY)
  simulateOnce(point, profile, watch)
  const { auto: _, ...fixed } = point
  const repeats = repeatsPrompts(point)
  if (rule.moving !== null) {
    const warmUp = watch.warmUp()
    return { ...simulateOnce({ ...point, warmup: warmUp.requests }, profile, null, repeats, look), warmUp }
  }
  const simulation = simulateOnce(
    { ...fixed, requests: watch.stopping().requests },
    profile,
    null,
    repeats,
    look,
    requests,
  )
  return { ...simulation, stopping: watch.stopping() }
}

/** Requests of a conversation; 1 without, and in mixes, which have none. */
function turnsOf(workload: SimulatedPoint['workload']): number {
  return 'conversation' in workload ? (workload.conversation?.turns ?? 1) : 1
}

function simulateOnce(
  point: SimulatedPoint,
  profile: Profile,
  watch: SimulationWatch | null = null,
  repeats?: boolean,
  look?: EngineWatch,
  expected = point.requests,
): Simulation {
  const { deployment, level } = point
  const { topology } = deployment
  const source = sourceOf(point, repeats)
  const window = windowOf(point, source.turns)
  const ownRecorder = createRecorder({
    slo: point.slo ?? {},
    openLoop: level.kind !== 'concurrency',
    asked: source.asked,
    window,
  })
  const recorder = watch === null ? ownRecorder : watch.over(ownRecorder)
  let recording = false
  const bare = createEngine({
    profile,
    routing: point.routing ?? 'round-robin',
    random: createRandom(point.seed).fork('frontend'),
    onStep: (gapMs, sequences) => {
      if (recording) recorder.gap(gapMs, sequences)
    },
  })
  const engine = look === undefined ? bare : watched(bare, look)
  for (const role of rolesOf(topology)) {
    const settings = deployment.engine[role] ?? {}
    for (let worker = 0; worker < workersOf(topology, role); worker++) engine.addWorker(role, settings, 0)
  }

  const firstChunkMs = profile.frontend.firstChunkMs ?? 0
  const limits: LoopLimits = {
    stopMs: Number.POSITIVE_INFINITY,
    giveUpMs: Number.POSITIVE_INFINITY,
    timeoutMs: point.timeoutMs ?? Number.POSITIVE_INFINITY,
  }
  const durationMs = point.durationS === undefined ? Number.POSITIVE_INFINITY : point.durationS * 1000
  let busyBefore: Simulation['busyShare'] = {}
  const onWindow = (startMs: number) => {
    recording = true
    recorder.begin(startMs)
    look?.begin(startMs)
    busyBefore = busyMs(engine)
    limits.stopMs = startMs + durationMs
    limits.giveUpMs = limits.stopMs + (point.graceS ?? Number.POSITIVE_INFINITY) * 1000
  }
  const connections = connectionCount(level, point.warmup)
  const drained = window === 'whole' ? point.warmup : 0
  const warmConnections = Math.min(connections, drained)
  const startMs = drained > 0 ? warmUpAndDrain(point, { engine, firstChunkMs, recorder: null }, source) : 0
  const loop = createLoadLoop(
    { engine, firstChunkMs, recorder },
    source,
    { count: connections, used: warmConnections },
    onWindow,
  )
  const {
    startMs: firstMs,
    lastSentMs,
    endMs,
    failed,
  } = level.kind === 'concurrency'
    ? loop.closed(closedLoad(point, window, source.turns, startMs, limits, watch), limits)
    : loop.open(openLoad(point, level, window, startMs, watch, expected), limits)
  const timeUpMs = durationMs < Number.POSITIVE_INFINITY ? firstMs + durationMs : null
  const measurement = recorder.summary({ startMs: firstMs, lastSentMs, timeUpMs, endMs, failed })
  const windowMs = endMs - firstMs
  const latencySumMs = (measurement.requestLatencyMs?.mean ?? 0) * measurement.requests.completed
  const wholeMean = windowMs > 0 ? latencySumMs / windowMs : 0
  return {
    ...measurement,
    inFlightMean: window === 'steady' ? (measurement.client.inFlight?.mean ?? 0) : wholeMean,
    busyShare: busyShares(topology, windowMs, busyBefore, busyMs(engine)),
  }
}

/** Warms up as a closed loop and drains it. Returns when it ended. */
function warmUpAndDrain(point: SimulatedPoint, context: ExchangeContext, source: RequestSource): number {
  const connections = connectionCount(point.level, point.warmup)
  const warmSource = point.level.kind === 'trace' ? sourceOf(point) : source
  const conversations = Math.ceil(point.warmup / warmSource.turns)
  const loop = createLoadLoop(context, warmSource, { count: connections, used: 0 })
  const load: ClosedLoad = {
    concurrency: Math.min(connections, point.warmup),
    startMs: 0,
    // The loop treats them as measured: it ends when all are answered.
    phaseOf: conversation => (conversation < conversations ? 'measured' : null),
  }
  return loop.closed(load, {
    stopMs: Number.POSITIVE_INFINITY,
    giveUpMs: Number.POSITIVE_INFINITY,
    timeoutMs: point.timeoutMs ?? Number.POSITIVE_INFINITY,
  }).endMs
}

function closedLoad(
  { level, requests, warmup, autoWarmup }: SimulatedPoint,
  window: WindowKind,
  turns: number,
  startMs: number,
  limits: LoopLimits,
  watch: SimulationWatch | null,
): ClosedLoad {
  const first = window === 'steady' ? Math.ceil(warmup / turns) : 0
  // While it is watched, any of these may be the last one of a window that moves.
  const moves = watch === null ? 0 : mostWarmup({ warmup, ...defined({ autoWarmup }) }) - warmup
  const last = first + Math.ceil((moves + (requests ?? Number.POSITIVE_INFINITY)) / turns)
  return {
    concurrency: level.kind === 'concurrency' ? level.concurrency : 1,
    startMs,
    phaseOf: (conversation, atMs) => {
      if (conversation < first) return 'warm-up'
      if (conversation < last && atMs < limits.stopMs && watch?.isOver() !== true) return 'measured'
      return window === 'steady' ? 'after' : null
    },
  }
}

function openLoad(
  point: SimulatedPoint,
  level: Exclude<LoadLevel, { kind: 'concurrency' }>,
  window: WindowKind,
  startMs: number,
  watch: SimulationWatch | null,
  expected: number | undefined,
): OpenLoad {
  refuseSessions(point)
  const durationMs = point.durationS === undefined ? Number.POSITIVE_INFINITY : point.durationS * 1000
  const measured =
    level.kind === 'trace' ? traceTimes(point, level.speed, durationMs) : arrivalSource(level, point, point.seed)
  const common = { startMs, most: level.maxConcurrency ?? Number.POSITIVE_INFINITY, measured }
  const rates = ratesAround(level)
  if (window === 'whole' || rates === null || level.kind === 'trace') {
    return { ...common, before: null, after: null, windowMs: null }
  }
  const windowMs = durationMs < Number.POSITIVE_INFINITY ? durationMs : null
  const expectedMs = windowMs ?? ((expected ?? 0) / Math.max(rates.beforePerS, Number.MIN_VALUE)) * 1000
  return {
    ...common,
    before:
      rates.beforePerS === 0
        ? null
        : {
            dueMs: arrivalsAround('before', rates.beforePerS, level.arrivals, point.seed),
            wanted: point.warmup,
            windowMs: expectedMs,
          },
    after: arrivalsAround('after', rates.afterPerS, level.arrivals, point.seed),
    windowMs,
    ...(watch === null ? {} : { isOver: () => watch.isOver() }),
  }
}

/** In the simulator, only closed loops support conversations. */
function refuseSessions({ workload, level }: SimulatedPoint): void {
  const mixed = Array.isArray(workload) ? [] : [workload as { readonly conversation?: { readonly turns: number } }]
  if (!mixed.some(one => (one.conversation?.turns ?? 1) > 1) || level.kind === 'trace') return
  throw new FulcrumError('bad-input', 'sessions-not-simulated', 'conversations are only predicted in a closed loop', {
    remedy: 'Write load.concurrency, or leave conversation out.',
  })
}
