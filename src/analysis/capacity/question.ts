import type { Slo } from '../../model/index.ts'

/** Question for `fulcrum capacity`: the traffic, the SLO and the machines. */
export interface CapacityQuestion {
  readonly traffic: Traffic
  readonly slo: Slo
  readonly fleet: Fleet
}

/** Traffic to plan for: amount, mix of requests, shape of a day, and growth. */
export interface Traffic {
  readonly demand: Demand
  /** The sum of all shares is 1. */
  readonly mix: readonly RequestClass[]
  /** 24 hourly factors, of which the largest is 1. */
  readonly day: readonly number[]
  /**
   * Requests of the busiest hour divided by those of an hour at the peak rate, 0–1; default: 1. The peak of a trace is
   * its busiest minute, which no hour sustains. The peak determines the nodes, and the hours determine the tokens.
   */
  readonly busiestHour?: number
  /** Facts about the traffic that were inferred instead of given, in sentences. */
  readonly notes?: readonly string[]
  /** 0.05 is 5% more requests per month, compounded. */
  readonly growthPerMonth: number
  /** The plan must hold for the traffic after this many months. */
  readonly months: number
}

/** Amount of traffic: requests/s in the busiest hour, mean requests/s of a day, or users who wait for answers. */
export type Demand =
  | { readonly kind: 'peak'; readonly requestsPerS: number }
  | { readonly kind: 'mean'; readonly requestsPerS: number }
  /**
   * Simultaneous users in the busiest hour. Each pauses for `thinkS` between the end of an answer and the next request.
   */
  | { readonly kind: 'users'; readonly users: number; readonly thinkS: number }

/** Requests of one kind. */
export interface RequestClass {
  readonly name: string
  /** Share of all requests, 0–1. */
  readonly share: number
  /** Mean tokens of a request. */
  readonly isl: number
  readonly osl: number
}

/** Nodes to plan with, and what they cost. */
export interface Fleet {
  readonly gpusPerNode: number
  /** Available nodes; null for any number. */
  readonly nodes: number | null
  /** Price per GPU-hour; null if unknown. */
  readonly gpuPricePerHour: number | null
  /** ISO 4217 code of the price's currency; absent or null if not given, so that amounts are in units. */
  readonly currency?: string | null
  /** Price per kWh of the GPUs in addition to their hours; absent if those include it. */
  readonly pricePerKwh?: number
  /** Nodes that may be lost while the SLO still holds: 1 is N+1. */
  readonly nodesLost: number
}
