import type { Candidate, ClassCapacity } from '../../analysis/capacity/candidate.ts'
import type { Evidence } from '../../analysis/capacity/evidence.ts'
import type { CapacityPlan, Month, Sensitivity } from '../../analysis/capacity/plan.ts'
import type { CapacityQuestion } from '../../analysis/capacity/question.ts'
import type { Replay } from '../../analysis/capacity/replay.ts'
import type { Servable } from '../../analysis/capacity/servable.ts'
import { loadLabel } from '../../analysis/load-label.ts'
import type { EngineSettings } from '../../model/index.ts'
import { gpusOf, gpusOfRole } from '../../model/index.ts'

/** A capacity plan as plain data: what `--json` prints, and what page, Markdown and terminal are made of. */
export interface CapacityView {
  /** Whether something measured serves the traffic under the SLO on the nodes there are. */
  readonly serves: boolean
  readonly question: CapacityQuestion
  /** The answer; when it doesn't fit the nodes, what would be needed; null when nothing measured meets the SLO. */
  readonly answer: CandidateView | null
  /** Every deployment that could serve it, fewest nodes first. */
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
   * The answer with every figure at the bad end of its 95% interval; `unknown` for a closed loop without repeats, null
   * when it misses the SLO there.
   */
  readonly cautious: Pick<CandidateView, 'replicas' | 'nodes' | 'fits' | 'requestsPerSPerReplica'> | 'unknown' | null
  /** What the nodes there are would serve at most; null when they serve all, or there is no limit. */
  readonly most: { readonly peakRequestsPerS: number; readonly deployment: string; readonly replicas: number } | null
  readonly sensitivity: readonly SensitivityView[]
  readonly evidence: readonly EvidenceView[]
  /** The plan in virtual time, by the run's twin; empty without one. */
  readonly replays: readonly Replay[]
  readonly caveats: readonly string[]
  /** Of the run that was measured. */
  readonly run: { readonly folder: string; readonly sweep: string; readonly runId: string }
}

export interface CandidateView {
  readonly deployment: string
  readonly engine: { readonly [role: string]: EngineSettings }
  /** GPUs of prefill to GPUs of decode in a replica; null when aggregated. */
  readonly prefillToDecodeGpus: readonly [prefill: number, decode: number] | null
  readonly gpusPerReplica: number
  readonly replicas: number
  readonly gpus: number
  readonly nodes: number
  readonly gpusPaid: number
  readonly fits: boolean
  readonly peakRequestsPerS: number
  /** Within the SLO. */
  readonly requestsPerSPerReplica: number
  readonly utilisation: number
  readonly spare: Candidate['spare']
  readonly cost: Candidate['cost']
  readonly energy: Candidate['energy']
  readonly requests: readonly RequestsView[]
  /** GPU-hours a day, should replicas follow the traffic hour by hour, over those of running all of them all day. */
  readonly followingShare: number
}

export interface RequestsView {
  readonly name: string
  readonly share: number
  readonly isl: number
  readonly osl: number
  /** The measured workload. */
  readonly restsOn: string
  readonly carriedOver: string | null
  readonly requestsPerSAlone: number
  /** What stops it there. */
  readonly limit: Servable['limit']
  /** How sure an open loop of its length can be; null for a closed loop. */
  readonly precision: Servable['precision']
  readonly ttftP95Ms: number | null
  readonly itlP95Ms: number | null
  readonly requestLatencyP95Ms: number | null
}

export interface SensitivityView {
  readonly assumption: string
  readonly by: number
  /** Null when nothing meets the SLO. */
  readonly best:
    | (Pick<CandidateView, 'deployment' | 'replicas' | 'gpus' | 'nodes' | 'fits'> & {
        readonly costPerHour: number
        readonly headroom: number
      })
    | null
  /** Nodes that the answer's own deployment would need; null when it can't serve it. */
  readonly sameDeploymentNodes: number | null
}

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
