import type { Deployment } from '../../model/index.ts'
import { gpusOf } from '../../model/index.ts'
import { type Cost, costOf, hoursOfMonth } from './cost.ts'
import { growthAfter, meanOfDay, peakOf } from './day-shape.ts'
import { energyOfFleet, type FleetEnergy } from './energy.ts'
import { type ClassCurve, curvesOf } from './lengths.ts'
import { layouts, placed } from './placement.ts'
import type { CapacityPoint } from './point.ts'
import type { PredictCurve } from './predicted-curve.ts'
import type { CapacityQuestion, Fleet, RequestClass } from './question.ts'
import { type RateResponse, responseAt } from './rate-response.ts'
import type { Reading, ResponseStep } from './response.ts'
import { type Servable, servable } from './servable.ts'

/** One kind of request on a deployment. */
export interface ClassCapacity {
  readonly request: RequestClass
  /** The measured workload that it rests on. */
  readonly workload: string
  /** Null when that workload was measured with these lengths. */
  readonly carriedOver: string | null
  /** Its curve, by rising load. */
  readonly steps: readonly ResponseStep[]
  /** What one replica could answer of this kind alone. */
  readonly alone: Servable
  /** Latencies at the busiest hour, as if this kind alone filled the replica to the same share. */
  readonly atPeak: RateResponse | null
}

/** A deployment in as many replicas as the traffic needs. */
export interface Candidate {
  readonly deployment: Deployment
  readonly label: string
  readonly classes: readonly ClassCapacity[]
  /** Requests/s of the mix that one replica answers within the SLO. */
  readonly requestsPerS: number
  /** Requests/s of the busiest hour that the plan is for, growth included. */
  readonly peakRequestsPerS: number
  readonly replicas: number
  readonly gpus: number
  readonly nodes: number
  /** GPUs of whole nodes: what is paid for. */
  readonly gpusPaid: number
  readonly spare: Spare
  /** Requests/s of the peak over what all replicas answer within the SLO, 0–1. */
  readonly utilisation: number
  /** Utilisation of each hour of the day. */
  readonly day: readonly number[]
  /** Replicas that each hour needs, should they be started and stopped with the traffic. */
  readonly replicasByHour: readonly number[]
  readonly cost: Cost
  /** What its GPUs draw; null where their power was not measured. */
  readonly energy: FleetEnergy | null
  readonly fits: boolean
}

/** What is left when nodes are lost. */
export interface Spare {
  readonly nodesLost: number
  readonly replicasLost: number
  /** Requests/s within the SLO with the nodes lost. */
  readonly requestsPerS: number
}

/** Why a deployment is no candidate, in a sentence. */
export interface Refused {
  readonly label: string
  readonly why: string
}

/** More replicas than any fleet has; a rate this far from what a replica does is a slip. */
const mostReplicas = 100_000

/** Sizes one deployment for the traffic, from its measured points. */
export function candidateOf(
  points: readonly CapacityPoint[],
  question: CapacityQuestion,
  predict: PredictCurve | null,
  reading: Reading = 'mean',
): Candidate | Refused {
  const { traffic, slo, fleet } = question
  const [first] = points
  if (first === undefined) throw new RangeError('a deployment without points')
  const { deployment, label } = first
  const refused = (why: string): Refused => ({ label, why })
  const curveOf = curvesOf(points, predict, reading)
  const found: { request: RequestClass; of: ClassCurve; alone: Servable }[] = []
  for (const request of traffic.mix) {
    const of = curveOf(request)
    if (of === null) return refused('no valid point')
    const told = servable(of.curve, slo)
    const alone = told !== null && reading === 'cautious' ? atBadEnd(told) : told
    if (alone === null) return refused(`misses the SLO with ${request.name} at its lightest load`)
    found.push({ request, of, alone })
  }
  // Each kind takes a share of the replica's time as it would alone.
  const requestsPerS = 1 / found.reduce((sum, { request, alone }) => sum + request.share / alone.requestsPerS, 0)
  const leastLatency = found.reduce((sum, { request, of }) => sum + request.share * leastLatencyMs(of.curve.steps), 0)
  const peak = peakOf(traffic.demand, traffic.day, leastLatency) * growthAfter(traffic, traffic.months)
  const sized = replicasFor(deployment, peak / requestsPerS, fleet)
  if (sized === null) return refused(`would need more than ${mostReplicas} replicas`)
  const { replicas, nodes, replicasLost } = sized
  const utilisation = peak / (replicas * requestsPerS)
  const gpusPaid = nodes * fleet.gpusPerNode
  return {
    deployment,
    label,
    classes: found.map(({ request, of, alone }) => ({
      request,
      workload: of.workload,
      carriedOver: of.carriedOver,
      steps: of.curve.steps,
      alone,
      atPeak: responseAt(of.curve, utilisation * alone.requestsPerS),
    })),
    requestsPerS,
    peakRequestsPerS: peak,
    replicas,
    gpus: replicas * gpusOf(deployment),
    nodes,
    gpusPaid,
    spare: { nodesLost: fleet.nodesLost, replicasLost, requestsPerS: (replicas - replicasLost) * requestsPerS },
    utilisation,
    day: traffic.day.map(factor => factor * utilisation),
    replicasByHour: traffic.day.map(factor => Math.max(1, Math.ceil((factor * peak) / requestsPerS))),
    cost: costOf({
      deployment,
      gpusPaid,
      meanRequestsPerS: peak * (traffic.busiestHour ?? 1) * meanOfDay(traffic.day),
      question,
    }),
    // Power that was measured with other lengths is that of another load.
    energy: found.some(({ of }) => of.carriedOver !== null)
      ? null
      : energyOfFleet(
          found.map(({ request, of, alone }) => ({ request, steps: of.curve.steps, alone })),
          traffic.day.map(factor => factor * utilisation * (traffic.busiestHour ?? 1)),
          replicas,
          hoursOfMonth,
        ),
    fits: fleet.nodes === null || nodes <= fleet.nodes,
  }
}

/**
 * What is left of a capacity at the bad end of what an open loop without repeats can tell; else the figures themselves
 * are read at their bad end.
 */
function atBadEnd(told: Servable): Servable | null {
  if (told.between.every(({ point }) => point.valid.length > 1)) return told
  const left = 1 - (told.precision?.relative ?? 0)
  return left > 0 ? { ...told, requestsPerS: left * told.requestsPerS } : null
}

/** Of both layouts, the fewest nodes with enough replicas that survive the loss of some; null beyond any fleet. */
function replicasFor(deployment: Deployment, needed: number, fleet: Fleet) {
  const found = layouts.flatMap(layout => {
    for (let replicas = Math.max(1, Math.ceil(needed)); replicas <= mostReplicas; ) {
      const placement = placed(deployment, replicas, fleet, layout)
      const missing = needed - (replicas - placement.replicasLost)
      if (missing <= 1e-9) return [{ replicas, ...placement }]
      replicas += Math.max(1, Math.ceil(missing))
    }
    return []
  })
  return found.toSorted((a, b) => a.nodes - b.nodes || a.replicas - b.replicas)[0] ?? null
}

function leastLatencyMs(steps: readonly ResponseStep[]): number {
  const p50 = steps[0]?.latencies.requestLatencyMs?.[5]
  return p50 ?? 0
}
