import type { Candidate, ClassCapacity } from '../../analysis/capacity/candidate.ts'
import type { Evidence } from '../../analysis/capacity/evidence.ts'
import type { CapacityPlan, Month, Sensitivity } from '../../analysis/capacity/plan.ts'
import type { CapacityQuestion } from '../../analysis/capacity/question.ts'
import type { Replay } from '../../analysis/capacity/replay.ts'
import type { Servable } from '../../analysis/capacity/servable.ts'
import { loadLabel } from '../../analysis/load-label.ts'
import type { EngineSettings } from '../../model/index.ts'
import { gpusOf, gpusOfRole } from '../../model/index.ts'

/** A capacity plan as plain data: the output of `--json` and the source of page, Markdown and terminal output. */
export interface CapacityView {
  /** Whether a measured deployment serves the traffic within the SLO on the available nodes. */
  readonly serves: boolean
  readonly question: CapacityQuestion
  /** The best deployment, even if it needs more nodes than available; null if no measured one meets the SLO. */
  readonly answer: CandidateView | null
  /** Every deployment that can serve the traffic, fewest nodes first. */
  readonly candidates: readonly CandidateView[]
  readonly refused: CapacityPlan['refused']
  readonly day: readonly {
    readonly hour: number
    readonly requestsPerS: number
    readonly utilisation: number
    readonly replicas: number
  }[]
  readonly months: readonly Month[]
  /**
   * The answer with every figure at the unfavorable end of its 95% interval; `unknown` for a closed loop without
   * repeats, null if it misses the SLO there.
   */
  readonly cautious: Pick<CandidateView, 'replicas' | 'nodes' | 'fits' | 'requestsPerSPerReplica'> | 'unknown' | null
  /** The maximum traffic that the available nodes can serve; null if they serve all of it, or if there is no limit. */
  readonly most: { readonly peakRequestsPerS: number; readonly deployment: string; readonly replicas: number } | null
  readonly sensitivity: readonly SensitivityView[]
  readonly evidence: readonly EvidenceView[]
  /** The plan replayed in virtual time by the run's twin; empty without a twin. */
  readonly replays: readonly Replay[]
  readonly caveats: readonly string[]
  /** The measured run. */
  readonly run: { readonly folder: string; readonly sweep: string; readonly runId: string }
}

/** One deployment that can serve the traffic. */
export interface CandidateView {
  readonly deployment: string
  readonly engine: { readonly [role: string]: EngineSettings }
  /** GPUs of prefill to GPUs of decode in a replica; null if aggregated. */
  readonly prefillToDecodeGpus: readonly [prefill: number, decode: number] | null
  readonly gpusPerReplica: number
  readonly replicas: number
  readonly gpus: number
  readonly nodes: number
  readonly gpusPaid: number
  readonly fits: boolean
  readonly peakRequestsPerS: number
  /** Maximum within the SLO. */
  readonly requestsPerSPerReplica: number
  readonly utilisation: number
  readonly spare: Candidate['spare']
  readonly cost: Candidate['cost']
  readonly energy: Candidate['energy']
  readonly requests: readonly RequestsView[]
  /** GPU-hours per day if replicas follow the traffic hourly, divided by those of running all replicas all day. */
  readonly followingShare: number
}

/** One kind of request on a deployment. */
export interface RequestsView {
  readonly name: string
  readonly share: number
  readonly isl: number
  readonly osl: number
  /** The measured workload. */
  readonly restsOn: string
  readonly carriedOver: string | null
  readonly requestsPerSAlone: number
  /** Limit at the measured load. */
  readonly limit: Servable['limit']
  /** Precision that an open loop of this length allows; null for a closed loop. */
  readonly precision: Servable['precision']
  readonly ttftP95Ms: number | null
  readonly itlP95Ms: number | null
  readonly requestLatencyP95Ms: number | null
}

/** Effect of one changed assumption on the answer. */
export interface SensitivityView {
  readonly assumption: string
  readonly by: number
  /** Null if no deployment meets the SLO. */
  readonly best:
    | (Pick<CandidateView, 'deployment' | 'replicas' | 'gpus' | 'nodes' | 'fits'> & {
        readonly costPerHour: number
        readonly headroom: number
      })
    | null
  /** Nodes that the answer's deployment would need; null if it cannot serve the traffic. */
  readonly sameDeploymentNodes: number | null
}

/** A measured point used for the answer. */
export interface EvidenceView {
  /** Ids of the point's repeats, as in points.csv. */
  readonly pointIds: readonly string[]
  readonly deployment: string
  readonly workload: string
  readonly load: string
  readonly requestsPerS: number | null
  readonly ttftP95Ms: number | null
  readonly itlP95Ms: number | null
  readonly repeats: number
  readonly use: Evidence['use']
}

/** Converts a capacity plan to plain data. */
export function capacityView(
  plan: CapacityPlan,
  run: CapacityView['run'],
  replays: readonly Replay[] = [],
): CapacityView {
  const shown = plan.best ?? plan.candidates[0] ?? null
  return {
    serves: plan.best !== null,
    question: plan.question,
    answer: shown === null ? null : candidateView(shown),
    candidates: plan.candidates.map(candidateView),
    refused: plan.refused,
    day: shown === null ? [] : dayOf(shown, plan.question),
    months: plan.months,
    cautious: plan.cautious === null || plan.cautious === 'unknown' ? plan.cautious : candidateView(plan.cautious),
    most:
      plan.most === null
        ? null
        : {
            peakRequestsPerS: plan.most.peakRequestsPerS,
            deployment: plan.most.candidate.label,
            replicas: plan.most.candidate.replicas,
          },
    sensitivity: plan.sensitivity.map(sensitivityView),
    evidence: plan.evidence.map(evidenceView),
    replays,
    caveats: plan.caveats,
    run,
  }
}

function candidateView(candidate: Candidate): CandidateView {
  const { deployment, label, replicasByHour, replicas } = candidate
  return {
    deployment: label,
    engine: deployment.engine,
    prefillToDecodeGpus:
      deployment.topology.kind === 'aggregated'
        ? null
        : [gpusOfRole(deployment, 'prefill'), gpusOfRole(deployment, 'decode')],
    gpusPerReplica: gpusOf(deployment),
    replicas,
    gpus: candidate.gpus,
    nodes: candidate.nodes,
    gpusPaid: candidate.gpusPaid,
    fits: candidate.fits,
    peakRequestsPerS: candidate.peakRequestsPerS,
    requestsPerSPerReplica: candidate.requestsPerS,
    utilisation: candidate.utilisation,
    spare: candidate.spare,
    cost: candidate.cost,
    energy: candidate.energy,
    requests: candidate.classes.map(requestsView),
    followingShare:
      replicasByHour.reduce((sum, needed) => sum + Math.min(replicas, needed + candidate.spare.replicasLost), 0) /
      (24 * replicas),
  }
}

function requestsView({ request, workload, carriedOver, alone, atPeak }: ClassCapacity): RequestsView {
  return {
    ...request,
    restsOn: workload,
    carriedOver,
    requestsPerSAlone: alone.requestsPerS,
    limit: alone.limit,
    precision: alone.precision,
    ttftP95Ms: atPeak?.p95.ttftMs ?? null,
    itlP95Ms: atPeak?.p95.itlMs ?? null,
    requestLatencyP95Ms: atPeak?.p95.requestLatencyMs ?? null,
  }
}

function dayOf({ day, peakRequestsPerS, replicasByHour }: Candidate, { traffic }: CapacityQuestion) {
  return day.map((utilisation, hour) => ({
    hour,
    requestsPerS: (traffic.day[hour] ?? 0) * peakRequestsPerS,
    utilisation,
    replicas: replicasByHour[hour] ?? 0,
  }))
}

function sensitivityView({ assumption, by, best, sameDeployment }: Sensitivity): SensitivityView {
  return {
    assumption,
    by,
    best:
      best === null
        ? null
        : {
            deployment: best.label,
            replicas: best.replicas,
            gpus: best.gpus,
            nodes: best.nodes,
            fits: best.fits,
            costPerHour: best.cost.perHour,
            headroom: best.spare.requestsPerS / best.peakRequestsPerS - 1,
          },
    sameDeploymentNodes: sameDeployment?.nodes ?? null,
  }
}

function evidenceView({ point, use }: Evidence): EvidenceView {
  const { repeats, label, workload, load, figures, valid } = point
  return {
    pointIds: repeats.map(repeat => repeat.point.id),
    deployment: label,
    workload: workload.name,
    load: loadLabel(load.level),
    requestsPerS: figures.request_throughput?.mean ?? null,
    ttftP95Ms: figures.ttft_p95_ms?.mean ?? null,
    itlP95Ms: figures.itl_p95_ms?.mean ?? null,
    repeats: valid.length,
    use,
  }
}
