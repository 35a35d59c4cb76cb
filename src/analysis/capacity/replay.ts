import type { Slo } from '../../model/index.ts'
import type { TraceRequests, WeightedWorkload } from '../../simulator/request-source.ts'
import type { Simulation } from '../../simulator/simulate.ts'
import { predictPoint, replayTrace } from '../twin/predict.ts'
import type { Twin } from '../twin/twin.ts'
import type { Candidate } from './candidate.ts'
import { type LatencyMetric, latencyMetrics, limitsOf } from './response.ts'

/**
 * What a twin says of one replica of a plan at the busiest hour, in virtual time: all kinds of request together, as
 * they come.
 */
export interface Replay {
  readonly traffic: 'steady' | 'trace'
  readonly requests: number
  readonly p95: { readonly [metric in LatencyMetric]: number | null }
  readonly meetsSlo: boolean
  /** Answered, requests/s. */
  readonly requestsPerS: number
  /**
   * How far such predictions of TTFT and ITL p95 were from measurements, median of the relative error; null where that
   * was never seen.
   */
  readonly medianError: { readonly ttft: number | null; readonly itl: number | null }
  /** Why it lies beyond what the twin was fitted to; empty when it does not. */
  readonly extrapolated: readonly string[]
}

/** Enough for a p95 that another seed moves by a few per cent. */
const steadyRequests = 4000

/** Random traffic at the busiest hour's rate on one replica. */
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

/** Recorded requests as one replica gets them when they are dealt out in turn. */
export function replayRecorded(twin: Twin, candidate: Candidate, trace: TraceRequests, slo: Slo): Replay {
  const { topology, engine } = candidate.deployment
  const simulation = replayTrace(twin, topology, dealt(trace, candidate.replicas), { engine, slo })
  return {
    traffic: 'trace',
    ...told(simulation, slo, twin.errors.heldOutPoints),
    extrapolated: trace.hashIds === null ? [] : ['shared prefixes of the trace were not measured'],
  }
}

/** What it was measured with; requests of other lengths at their mean. */
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
