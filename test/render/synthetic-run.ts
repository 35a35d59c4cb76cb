/**
 * SYNTHETIC runs for tests: every figure comes from the formula below, none was measured. Never ship one as a result.
 */
import type { PointResult } from '../../src/journal/event.ts'
import type { Run } from '../../src/journal/run.ts'
import type { Measurement, WholeDistribution } from '../../src/metrics/measurement.ts'
import type { Deployment, Json, Point, Slo, Topology, Workload } from '../../src/model/index.ts'
import { contentId, defaultLimits, gpusOf, meanTokens, topologyLabel, workersOf } from '../../src/model/index.ts'

export interface SyntheticOptions {
  readonly workloads?: readonly (readonly [isl: number, osl: number])[]
  readonly concurrencies?: readonly number[]
  readonly topologies?: readonly Topology[]
  /** Prefill `max_batch_size` values: more than one makes deployments that share a topology. */
  readonly batchSizes?: readonly number[]
  readonly repeats?: number
  readonly slo?: Slo
  readonly model?: string
  readonly sweep?: string
  /** Changes a result after it was made: to make it invalid, failed, hostile, slower. */
  readonly change?: (result: PointResult, index: number) => PointResult
}

export const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })
export const aggregated = (workers: number): Topology => ({ kind: 'aggregated', workers })

/** Noise in −1…1 that is the same on every machine (a hash, not a generator: no state to share). */
function noise(seed: string): number {
  return Number.parseInt(contentId(seed).slice(0, 8), 16) / 0x7fffffff - 1
}

function spread(mean: number, relative: number, count: number): WholeDistribution {
  const at = (z: number) => mean * (1 + z * relative)
  return {
    count,
    mean,
    stddev: mean * relative,
    min: at(-1.8),
    p1: at(-1.7),
    p5: at(-1.5),
    p10: at(-1.2),
    p25: at(-0.7),
    p50: at(-0.05),
    p75: at(0.7),
    p90: at(1.3),
    p95: at(1.7),
    p99: at(2.4),
    max: at(3),
  }
}

/** A plausible shape, no more: prefill queues at `isl`, decode slows with its share of the batch. */
function measure(point: Point, concurrency: number, isl: number, osl: number): Measurement {
  const { topology } = point.deployment
  const prefill = Math.max(1, workersOf(topology, 'prefill') || workersOf(topology, 'aggregated'))
  const decode = Math.max(1, workersOf(topology, 'decode') || workersOf(topology, 'aggregated'))
  const disturbed = topology.kind === 'aggregated' ? 1 + (isl / 8000) * 0.9 : 1
  const prefillMs = 20 + isl * 0.02
  const wobble = 1 + 0.02 * noise(`${point.id}`)
  const itl = (5.4 + 0.18 * (concurrency / decode) ** 0.85) * disturbed * wobble
  const bare = prefillMs + itl * osl
  const demand = (concurrency * prefillMs) / (bare * prefill)
  const ttft = (prefillMs * (1 + (demand < 1 ? demand ** 2 : 0)) + Math.max(0, demand - 1) * bare) * wobble
  const latency = ttft + itl * (osl - 1)
  const requestsPerS = (concurrency / latency) * 1000
  const requests = 10 * concurrency
  return {
    generator: { name: 'built-in', version: '0.0.0-synthetic' },
    startedAt: '2026-01-01T00:00:00.000Z',
    durationS: requests / requestsPerS,
    wallS: requests / requestsPerS + 1,
    requests: { sent: requests, completed: requests, failed: 0 },
    errors: [],
    ttftMs: spread(ttft, 0.2, requests),
    ttstMs: spread(ttft + itl, 0.2, requests),
    itlMs: spread(itl, 0.05, requests),
    interChunkMs: spread(itl, 0.3, requests * (osl - 1)),
    requestLatencyMs: spread(latency, 0.06, requests),
    fromSend: null,
    isl: spread(isl, 0, requests),
    osl: spread(osl, 0, requests),
    outputTokensPerSPerUser: spread(1000 / itl, 0.05, requests),
    prefillTokensPerSPerUser: spread((isl / ttft) * 1000, 0.2, requests),
    totals: { inputTokens: requests * isl, outputTokens: requests * osl, chunks: requests * osl },
    requestsPerS,
    outputTokensPerS: requestsPerS * osl,
    inputTokensPerS: requestsPerS * isl,
    goodputPerS: requestsPerS * 0.97,
    tokenSource: 'usage',
    steady: { method: 'synthetic', reached: true, fromS: 0 },
    client: {
      sendLatenessMs: spread(0.3, 0.3, requests),
      eventLoopDelayMs: { mean: 1, p99: 2, max: 4 },
      cpuShare: 0.1,
      cpuS: 1,
      gcMs: 3,
      threads: 1,
      inFlight: { mean: concurrency * 0.98, max: concurrency },
      clockJumpMs: 0,
    },
    deviation: { isl: 0, osl: 0 },
    files: [],
  }
}

/** What the shape shows of a planned point of fixed lengths in a closed loop. */
export function syntheticMeasurement(point: Point): Measurement {
  const { level } = point.load
  const concurrency = level.kind === 'concurrency' ? level.concurrency : 1
  return measure(point, concurrency, meanTokens(point.workload.isl), meanTokens(point.workload.osl))
}

/** A run of every combination, in the order workload, topology, batch size, concurrency, repeat. */
export function syntheticRun(options: SyntheticOptions = {}): Run {
  const {
    workloads = [
      [8000, 256],
      [1000, 1000],
    ],
    concurrencies = [1, 4, 16, 64],
    topologies = [aggregated(2), disaggregated(1, 1), disaggregated(2, 1), disaggregated(1, 2), disaggregated(2, 2)],
    batchSizes = [8],
    repeats = 1,
    slo = { ttftP95Ms: 2000, itlP95Ms: 15 },
    model = 'nvidia/DeepSeek-R1-FP4',
    sweep = 'synthetic',
    change = result => result,
  } = options
  const results: PointResult[] = []
  for (const [isl, osl] of workloads)
    for (const topology of topologies)
      for (const batch of batchSizes)
        for (const concurrency of concurrencies)
          for (let repeat = 1; repeat <= repeats; repeat++) {
            const point = syntheticPoint({ isl, osl, topology, batch, concurrency, repeat, slo, model })
            const result: PointResult = {
              point,
              status: 'ok',
              reason: '',
              findings: [],
              measurement: measure(point, concurrency, isl, osl),
            }
            results.push(change(result, results.length))
          }
  return runOf(results, sweep)
}

interface PointChoice {
  readonly isl: number
  readonly osl: number
  readonly topology: Topology
  readonly batch: number
  readonly concurrency: number
  readonly repeat: number
  readonly slo: Slo
  readonly model: string
}

function syntheticPoint(choice: PointChoice): Point {
  const { isl, osl, topology, batch, concurrency, repeat, slo, model } = choice
  const settings: { readonly [setting: string]: Json } = { max_batch_size: batch }
  const shape: Omit<Deployment, 'id'> = {
    topology,
    model: { name: model, tokenizer: 'builtin:deepseek-v3' },
    engine: topology.kind === 'aggregated' ? { aggregated: settings } : { prefill: settings, decode: {} },
    gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
  }
  const deployment: Deployment = { id: contentId(shape), ...shape }
  const workload: Workload = {
    name: `${isl}/${osl}`,
    isl: { kind: 'fixed', tokens: isl },
    osl: { kind: 'fixed', tokens: osl },
  }
  const load: Point['load'] = {
    level: { kind: 'concurrency', concurrency },
    api: 'chat',
    streaming: true,
    requests: concurrency * 10,
    graceS: 30,
    warmup: concurrency * 2,
    dataset: concurrency * 12,
    seed: 100 + repeat,
    timeoutMs: 600_000,
    extra: {},
  }
  const decided = { deployment: deployment.id, workload, load, repeat }
  return {
    id: contentId(decided),
    deployment,
    workload,
    load,
    generator: 'built-in',
    slo,
    limits: defaultLimits,
    repeat,
  }
}

/** Wraps results as a run read from disk. */
export function runOf(results: readonly PointResult[], sweep = 'synthetic'): Run {
  const deployments = [...new Map(results.map(r => [r.point.deployment.id, r.point.deployment])).values()]
  return {
    folder: '/nowhere/synthetic',
    manifest: {
      schema: 1,
      sweep,
      runId: '2026-01-01T00-00-00Z',
      createdAt: '2026-01-01T00:00:00.000Z',
      sweepFile: 'synthetic.yaml',
      sweepText: `name: ${sweep}\n`,
      command: ['fulcrum', 'run', 'synthetic.yaml'],
      versions: { fulcrum: '0.0.0-synthetic', node: '24.0.0' },
      git: { revision: '0'.repeat(40), dirty: false },
      host: { name: 'nowhere', os: 'none', cpu: 'none', cores: 1, memoryGib: 1 },
      plan: {
        points: results.length,
        deployments: deployments.length,
        workersStarted: deployments.reduce((sum, d) => sum + gpusOf(d) / 4, 0),
        lowerBound: 4,
        exact: true,
      },
    },
    lines: [],
    results,
    deployments: deployments.map(deployment => ({
      type: 'deployment',
      deploymentId: deployment.id,
      label: topologyLabel(deployment.topology),
      outcome: 'ready',
      workersStarted: 1,
      workersStopped: 0,
      elapsedS: 1.5,
      reason: '',
    })),
    ended: { type: 'run-ended', outcome: 'complete', reason: '' },
    torn: false,
  }
}

/** A result turned invalid, as the validity judge would. */
export function invalid(result: PointResult, message = 'the client was late'): PointResult {
  return {
    ...result,
    status: 'invalid',
    reason: message,
    findings: [{ severity: 'invalid', code: 'client-late', message }],
  }
}

/** A result whose generator could not run. */
export function failed(result: PointResult, message: string): PointResult {
  return { ...result, status: 'failed', reason: message, findings: [], measurement: null }
}
