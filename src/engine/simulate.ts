import type { Arrivals, Deployment, LoadLevel, Random, Role, Slo, Workload } from '../point/index.ts'
import { createRandom, FulcrumError, rolesOf, workersOf } from '../point/index.ts'
import type { Engine } from './engine.ts'
import { createEngine } from './engine.ts'
import { lengthSource } from './lengths.ts'
import type { Prediction, PredictionRecorder } from './prediction.ts'
import { createPredictionRecorder } from './prediction.ts'
import type { Profile } from './profile.ts'
import { engineRequest } from './request.ts'
import type { RouterMode } from './routing.ts'

/** A point to predict; a {@link Point}'s own parts fit as they are. */
export interface SimulatedPoint {
  readonly deployment: Pick<Deployment, 'topology' | 'engine'>
  readonly workload: Pick<Workload, 'isl' | 'osl'>
  readonly level: LoadLevel
  /** Measured requests. */
  readonly requests: number
  /** Requests sent first, at the level's concurrency, and discarded; they end before the measured ones begin. */
  readonly warmup: number
  readonly seed: number
  readonly slo?: Slo
  readonly routing?: RouterMode
}

/** Sends requests of a workload into an engine and runs it in virtual time. */
interface Loader {
  /** Keeps `concurrency` requests in flight until `requests` are answered; returns when, ms. */
  closedLoop(requests: number, concurrency: number, startMs: number, recorder: PredictionRecorder | null): LoopEnd
  openLoop(requests: number, gapsMs: () => number, startMs: number, recorder: PredictionRecorder): LoopEnd
}

interface LoopEnd {
  readonly endMs: number
  readonly failed: number
}

/** Gaps between arrivals in ms. */
function gapsOf(arrivals: Arrivals, requestsPerS: number, random: Random): () => number {
  const meanMs = 1000 / requestsPerS
  switch (arrivals.kind) {
    case 'constant':
      return () => meanMs
    case 'poisson':
      return () => meanMs * random.exponential()
    case 'gamma':
      return () => meanMs * random.gamma(arrivals.burstiness)
  }
}

function createLoader(engine: Engine, workload: SimulatedPoint['workload'], random: Random): Loader {
  const isl = lengthSource(workload.isl, random.fork('isl'))
  const osl = lengthSource(workload.osl, random.fork('osl'))

  function runDry(): void {
    for (let dueMs = engine.nextEventMs(); dueMs < Number.POSITIVE_INFINITY; dueMs = engine.nextEventMs())
      engine.advanceTo(dueMs)
  }

  return {
    closedLoop(requests, concurrency, startMs, recorder) {
      let sent = 0
      let failed = 0
      let endMs = startMs
      function send(atMs: number): void {
        while (sent < requests) {
          sent += 1
          const request = engineRequest({ promptTokens: isl(), outputTokens: osl(), arrivedMs: atMs, onFinish: finish })
          if (engine.submit(request) === null) return
          failed += 1
        }
      }
      function finish(request: ReturnType<typeof engineRequest>): void {
        endMs = request.finishedMs
        recorder?.finished(request)
        send(request.finishedMs)
      }
      for (let lane = 0; lane < concurrency; lane++) send(startMs)
      runDry()
      return { endMs, failed }
    },
    openLoop(requests, gapsMs, startMs, recorder) {
      let failed = 0
      let endMs = startMs
      const finish = (request: ReturnType<typeof engineRequest>) => {
        endMs = request.finishedMs
        recorder.finished(request)
      }
      let arrivedMs = startMs
      for (let sent = 0; sent < requests; sent++) {
        engine.advanceTo(arrivedMs)
        const request = engineRequest({ promptTokens: isl(), outputTokens: osl(), arrivedMs, onFinish: finish })
        if (engine.submit(request) !== null) failed += 1
        arrivedMs += gapsMs()
      }
      runDry()
      return { endMs, failed }
    },
  }
}

function notSimulated(what: string): FulcrumError {
  return new FulcrumError('bad-input', 'not-simulated', `${what} can't be simulated in virtual time yet`)
}

/** Time that the workers of each role have spent in passes, ms. */
function busyMs(engine: Engine): { [role in Role]?: number } {
  const busy: { [role in Role]?: number } = {}
  for (const { role, load } of engine.workers()) busy[role] = (busy[role] ?? 0) + load.busyMs
  return busy
}

/**
 * Predicts a point in virtual time: the same engine that answers behind HTTP, loaded as the built-in generator would, at
 * whatever speed the processor allows. The same input gives the same output, and memory does not grow with requests.
 * @throws FulcrumError bad-input `engine-setting` for settings that the model lacks, `not-simulated` for a load level that it lacks
 */
export function simulate(point: SimulatedPoint, profile: Profile): Prediction {
  const { deployment, level } = point
  const { topology } = deployment
  const recorder = createPredictionRecorder(point.slo ?? {})
  let recording = false
  const engine = createEngine({
    profile,
    routing: point.routing ?? 'round-robin',
    onStep: (gapMs, sequences) => {
      if (recording) recorder.gap(gapMs, sequences)
    },
  })
  for (const role of rolesOf(topology)) {
    const settings = deployment.engine[role] ?? {}
    for (let worker = 0; worker < workersOf(topology, role); worker++) engine.addWorker(role, settings, 0)
  }
  const random = createRandom(point.seed)
  const loader = createLoader(engine, point.workload, random)
  const warmAt = level.kind === 'concurrency' ? level.concurrency : Math.max(1, Math.min(point.warmup, 16))
  const startMs = loader.closedLoop(point.warmup, warmAt, 0, null).endMs
  const busyBefore = busyMs(engine)
  recording = true

  const run = (): LoopEnd => {
    if (level.kind === 'concurrency') return loader.closedLoop(point.requests, level.concurrency, startMs, recorder)
    if (level.kind !== 'rate') throw notSimulated(`A load level of kind '${level.kind}'`)
    if (level.maxConcurrency !== undefined) throw notSimulated('max_concurrency of an open loop')
    const gaps = gapsOf(level.arrivals, level.requestsPerS, random.fork('arrivals'))
    return loader.openLoop(point.requests, gaps, startMs, recorder)
  }
  const { endMs, failed } = run()
  const busyAfter = busyMs(engine)
  const busyShare: { [role in Role]?: number } = {}
  for (const role of rolesOf(topology)) {
    const workerMs = (endMs - startMs) * workersOf(topology, role)
    const busy = (busyAfter[role] ?? 0) - (busyBefore[role] ?? 0)
    busyShare[role] = workerMs > 0 ? Math.min(1, busy / workerMs) : 0
  }
  return recorder.summary({ startMs, endMs, failed, busyShare })
}
