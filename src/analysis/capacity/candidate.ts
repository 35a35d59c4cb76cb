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
  /** Measured workload used for this kind of request. */
  readonly workload: string
  /** Null if that workload was measured with these lengths; otherwise how it was adjusted. */
  readonly carriedOver: string | null
  /** Curve of the workload, by ascending load. */
  readonly steps: readonly ResponseStep[]
  /** Requests/s of this kind alone that one replica can answer. */
  readonly alone: Servable
  /** Latencies in the busiest hour, as if this kind alone filled the replica to the same share. */
  readonly atPeak: RateResponse | null
}

/** A deployment in as many replicas as the traffic needs. */
export interface Candidate {
  readonly deployment: Deployment
  readonly label: string
  readonly classes: readonly ClassCapacity[]
  /** Requests/s of the mix that one replica answers within the SLO. */
  readonly requestsPerS: number
  /** Requests/s of the busiest planned hour, growth included. */
  readonly peakRequestsPerS: number
  readonly replicas: number
  readonly gpus: number
  readonly nodes: number
  /** GPUs of whole nodes, which are paid for. */
  readonly gpusPaid: number
  readonly spare: Spare
  /** Requests/s of the peak divided by what all replicas answer within the SLO, 0–1. */
  readonly utilisation: number
  /** Utilization of each hour of the day. */
  readonly day: readonly number[]
  /** Replicas needed in each hour if they were started and stopped with the traffic. */
  readonly replicasByHour: readonly number[]
  readonly cost: Cost
  /** Energy use of its GPUs; null if their power was not measured. */
  readonly energy: FleetEnergy | null
  readonly fits: boolean
}

/** Remaining capacity when nodes are lost. */
export interface Spare {
  readonly nodesLost: number
  readonly replicasLost: number
  /** Requests/s within the SLO without the lost nodes. */
  readonly requestsPerS: number
}

/** Why a deployment is not a candidate. */
export interface Refused {
  readonly label: string
  readonly why: string
}

/** No fleet has more replicas. A rate that needs more is a typing error. */
const mostReplicas = 100_000

/** Sizes one deployment for the traffic from its measured points. */
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
  // Each kind takes the share of the replica's time that it would need alone.
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
    // Power measured with other lengths belongs to another load.
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
 * Capacity at the unfavorable end of the precision of an open loop without repeats. With repeats, the figures
 * themselves are read at their unfavorable ends.
 */
function atBadEnd(told: Servable): Servable | null {
  if (told.between.every(({ point }) => point.valid.length > 1)) return told
  const left = 1 - (told.precision?.relative ?? 0)
  return left > 0 ? { ...told, requestsPerS: left * told.requestsPerS } : null
}

/** The fewest nodes, over both layouts, with enough replicas after the loss of some; null beyond any fleet. */
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
