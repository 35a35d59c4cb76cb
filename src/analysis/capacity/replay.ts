import type { Slo } from '../../model/index.ts'
import type { TraceRequests, WeightedWorkload } from '../../simulator/request-source.ts'
import type { Simulation } from '../../simulator/simulate.ts'
import { predictPoint, replayTrace } from '../twin/predict.ts'
import type { Twin } from '../twin/twin.ts'
import type { Candidate } from './candidate.ts'
import { type LatencyMetric, latencyMetrics, limitsOf } from './response.ts'

/**
 * A twin's prediction for one replica of a plan in the busiest hour, in virtual time: all kinds of request together, in
 * order of arrival.
 */
export interface Replay {
  readonly traffic: 'steady' | 'trace'
  readonly requests: number
  readonly p95: { readonly [metric in LatencyMetric]: number | null }
  readonly meetsSlo: boolean
  /** Answered requests/s. */
  readonly requestsPerS: number
  /**
   * Error of the twin's predictions of TTFT and ITL p95 compared with measurements: median of the relative error; null
   * if never tested.
   */
  readonly medianError: { readonly ttft: number | null; readonly itl: number | null }
  /** Why the replay lies beyond the points to which the twin was fitted; empty if it does not. */
  readonly extrapolated: readonly string[]
}

/** With this many requests, another seed moves a p95 by a few percent. */
const steadyRequests = 4000

/** Replays random traffic at the busiest hour's rate on one replica. */
export function replaySteady(twin: Twin, candidate: Candidate, slo: Slo): Replay {
  const { deployment, peakRequestsPerS, replicas } = candidate
  const { simulation, basis, extrapolated } = predictPoint(twin, {
    topology: deployment.topology,
    engine: deployment.engine,
    gpusPerWorker: deployment.gpusPerWorker,
    workload: candidate.classes.map(workloadOf),
    load: {
      level: { kind: 'rate', requestsPerS: peakRequestsPerS / replicas, arrivals: { kind: 'poisson' } },
      requests: steadyRequests,
    },
    slo,
  })
  const errors = basis === 'held-out-points' ? twin.errors.heldOutPoints : twin.errors.heldOutTopologies
  return { traffic: 'steady', ...told(simulation, slo, errors), extrapolated }
}

/** Replays recorded requests as one replica receives them when they are dealt out in turn. */
export function replayRecorded(twin: Twin, candidate: Candidate, trace: TraceRequests, slo: Slo): Replay {
  const { topology, engine } = candidate.deployment
  const simulation = replayTrace(twin, topology, dealt(trace, candidate.replicas), { engine, slo })
  return {
    traffic: 'trace',
    ...told(simulation, slo, twin.errors.heldOutPoints),
    extrapolated: trace.hashIds === null ? [] : ['shared prefixes of the trace were not measured'],
  }
}

/** The measured workload; requests of other lengths use their mean. */
function workloadOf({ request, carriedOver, steps }: Candidate['classes'][number]): WeightedWorkload {
  const measured = steps[0]?.point.workload
  const workload =
    measured !== undefined && carriedOver === null
      ? measured
      : {
          isl: { kind: 'fixed' as const, tokens: Math.round(request.isl) },
          osl: { kind: 'fixed' as const, tokens: Math.round(request.osl) },
        }
  return { workload, weight: request.share }
}

function told(simulation: Simulation, slo: Slo, errors: Twin['errors']['heldOutPoints']) {
  const limits = limitsOf(slo)
  const p95 = {
    ttftMs: simulation.ttftMs?.p95 ?? null,
    itlMs: simulation.itlMs?.p95 ?? null,
    requestLatencyMs: simulation.requestLatencyMs?.p95 ?? null,
  }
  return {
    requests: simulation.requests.completed,
    requestsPerS: simulation.requestsPerS,
    p95,
    meetsSlo: latencyMetrics.every(
      metric =>
        limits[metric] === Number.POSITIVE_INFINITY || (p95[metric] ?? Number.POSITIVE_INFINITY) <= limits[metric],
    ),
    medianError: { ttft: errors.ttft_p95_ms?.median ?? null, itl: errors.itl_p95_ms?.median ?? null },
  }
}

/** Every n-th request. */
function dealt({ atMs, inputTokens, outputTokens, hashIds }: TraceRequests, replicas: number): TraceRequests {
  const own = (_: unknown, index: number) => index % replicas === 0
  return {
    count: Math.ceil(atMs.length / replicas),
    atMs: atMs.filter(own),
    inputTokens: inputTokens.filter(own),
    outputTokens: outputTokens.filter(own),
    hashIds: hashIds === null ? null : hashIds.filter(own),
  }
}
