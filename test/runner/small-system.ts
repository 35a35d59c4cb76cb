import type { Deployer, Reconciled } from '../../src/deployers/deployer.ts'
import { unknownWorkers } from '../../src/deployers/worker-engine.ts'
import type { LoadGenerator, MeasureContext } from '../../src/generators/generator.ts'
import { defaultGenerator } from '../../src/generators/index.ts'
import { type Measurement, unknownHealth } from '../../src/metrics/measurement.ts'
import {
  contentId,
  type Deployment,
  defaultLimits,
  type Endpoint,
  type Load,
  type Point,
  type Topology,
  workersOf,
} from '../../src/model/index.ts'
import type { Plan, Sweep } from '../../src/spec/sweep.ts'
import { oneValue } from '../metrics/one-value.ts'

/**
 * The smallest system that a run loop can drive: a deployer and a generator that do what a test scripts. Faults that a
 * real one shows are tested on the real one; here are the decisions of the loop itself.
 */
export const topologies: readonly Topology[] = [
  { kind: 'aggregated', workers: 2 },
  { kind: 'disaggregated', prefill: 1, decode: 1 },
  { kind: 'disaggregated', prefill: 2, decode: 1 },
]

const load: Load = {
  level: { kind: 'concurrency', concurrency: 1 },
  api: 'chat',
  streaming: true,
  requests: 10,
  graceS: 0,
  warmup: 2,
  dataset: 12,
  seed: 100,
  timeoutMs: 1000,
  extra: {},
}

function deploymentOf(topology: Topology): Deployment {
  const model = { name: 'tiny', tokenizer: 'builtin:deepseek-v3' }
  const gpusPerWorker = { prefill: 1, decode: 1, aggregated: 1 }
  return { id: contentId({ topology }), topology, model, engine: {}, gpusPerWorker }
}

function pointOf(deployment: Deployment, concurrency: number): Point {
  const body = {
    deployment,
    workload: { name: '8/8', isl: { kind: 'fixed', tokens: 8 }, osl: { kind: 'fixed', tokens: 8 } },
    load: { ...load, level: { kind: 'concurrency', concurrency } },
    generator: 'built-in',
    slo: {},
    limits: defaultLimits,
    repeat: 1,
  } as const
  return { id: contentId(body), ...body }
}

/** A plan of 3 deployments × the given concurrencies. */
export function smallPlan(concurrencies: readonly number[], budget: Sweep['budget'] = {}): Plan {
  const deployments = topologies.map(topology => {
    const deployment = deploymentOf(topology)
    return { deployment, points: concurrencies.map(concurrency => pointOf(deployment, concurrency)) }
  })
  const generator = { name: defaultGenerator.name, capabilities: defaultGenerator.capabilities }
  const telemetry = { workers: 'auto' } as const
  const deploy = { workers: () => unknownWorkers, fixed: () => null }
  const file = { name: 'small', file: '/small.yaml', text: 'name: small\n' }
  const sweep = { ...file, deploy, budget, generator, telemetry } as unknown as Sweep
  const cost = { workersStarted: 5, workersStopped: 2 }
  const pointCount = deployments.length * concurrencies.length
  return { sweep, deployments, cost, nestedLoopCost: cost, lowerBound: 5, exact: true, pointCount, estimate: null }
}

export const endpoint: Endpoint = { url: 'http://127.0.0.1:9', model: 'tiny', dialect: 'dynamo-1', metricsUrls: {} }

export interface DeployerScript {
  reconcile?(wanted: Deployment, signal: AbortSignal): Promise<void> | void
  check?(): readonly string[] | Promise<readonly string[]>
  broken?(): Promise<void>
  logs?(): { readonly [process: string]: readonly string[] }
  close?(): Promise<void>
}

export interface ScriptedDeployer extends Deployer {
  /** Topologies asked for, in order. */
  readonly wanted: Deployment[]
  closed(): number
}

export function scriptedDeployer(script: DeployerScript = {}): ScriptedDeployer {
  const wanted: Deployment[] = []
  let closed = 0
  return {
    wanted,
    closed: () => closed,
    async reconcile(deployment, { signal, onEvent }): Promise<Reconciled> {
      wanted.push(deployment)
      onEvent({ kind: 'start', what: 'worker', pid: 1 })
      await script.reconcile?.(deployment, signal)
      const workersStarted = (['prefill', 'decode', 'aggregated'] as const)
        .map(role => workersOf(deployment.topology, role))
        .reduce((sum, count) => sum + count, 0)
      return { endpoint, workersStarted, workersStopped: 0, elapsedS: 0 }
    },
    check: async () => (await script.check?.()) ?? [],
    broken: async () => await (script.broken?.() ?? new Promise<void>(() => {})),
    preview: () => ({ commands: [], files: [] }),
    logs: () => script.logs?.() ?? {},
    async close() {
      closed++
      await script.close?.()
    },
  }
}

export interface ScriptedGenerator extends LoadGenerator {
  /** Points asked for, in order. */
  readonly asked: Point[]
  closed(): number
}

export function scriptedGenerator(
  measure: (point: Point, context: MeasureContext) => Promise<Measurement> | Measurement = point =>
    measurementOf(point),
): ScriptedGenerator {
  const asked: Point[] = []
  let closed = 0
  return {
    asked,
    closed: () => closed,
    async measure(point, _, context) {
      asked.push(point)
      return measure(point, context)
    },
    async close() {
      closed++
    },
  }
}

/** Resolves never, rejects with the signal's reason: a generator at work when the user stops it. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}

/** A measurement that says nothing but that the scripted point was measured. */
export function measurementOf(point: Point, more: Partial<Measurement> = {}): Measurement {
  const requests = point.load.requests ?? 0
  return {
    generator: { name: 'built-in', version: 'test' },
    startedAt: '2026-11-24T12:00:00.000Z',
    durationS: 1,
    wallS: 1,
    requests: { sent: requests, completed: requests, failed: 0 },
    errors: [],
    ttftMs: oneValue(50, requests),
    ttstMs: null,
    itlMs: oneValue(10, requests),
    interChunkMs: null,
    requestLatencyMs: oneValue(120, requests),
    fromSend: null,
    isl: oneValue(8, requests),
    osl: oneValue(8, requests),
    outputTokensPerSPerUser: oneValue(100, requests),
    prefillTokensPerSPerUser: null,
    totals: { inputTokens: 80, outputTokens: 80, chunks: 80 },
    requestsPerS: 10,
    outputTokensPerS: 80,
    inputTokensPerS: 80,
    goodputPerS: null,
    tokenSource: 'usage',
    steady: null,
    client: unknownHealth,
    deviation: { isl: 0, osl: 0 },
    files: [],
    ...more,
  }
}
