import type { Slo } from '../../model/index.ts'

/** What `fulcrum capacity` is asked: which traffic, under which SLO, on what kind of machines. */
export interface CapacityQuestion {
  readonly traffic: Traffic
  readonly slo: Slo
  readonly fleet: Fleet
}

export interface Traffic {
  readonly demand: Demand
  /** Shares add up to 1. */
  readonly mix: readonly RequestClass[]
  /** 24 factors, hour by hour, of which the largest is 1. */
  readonly day: readonly number[]
  /**
   * Requests of the busiest hour over those that an hour at the peak rate would have, 0–1; 1 when absent. A trace's
   * peak is its busiest minute, which no hour keeps up: what is paid for is sized by the peak, and what tokens it makes
   * by the hours.
   */
  readonly busiestHour?: number
  /** What was inferred about the traffic rather than asked, sentences. */
  readonly notes?: readonly string[]
  /** 0.05 is 5 % more requests a month, compounded. */
  readonly growthPerMonth: number
  /** The plan is to hold for the traffic after so many months. */
  readonly months: number
}

/**
 * How much traffic: requests/s in the busiest hour, requests/s on the mean of a day, or people who wait for answers.
 */
export type Demand =
  | { readonly kind: 'peak'; readonly requestsPerS: number }
  | { readonly kind: 'mean'; readonly requestsPerS: number }
  /** So many at once in the busiest hour; each thinks `thinkS` between an answer's end and the next request. */
  | { readonly kind: 'users'; readonly users: number; readonly thinkS: number }

/** Requests of one kind. */
export interface RequestClass {
  readonly name: string
  /** Of all requests, 0–1. */
  readonly share: number
  /** Mean tokens of a request. */
  readonly isl: number
  readonly osl: number
}

export interface Fleet {
  readonly gpusPerNode: number
  /** Nodes that can be had; null when any number can. */
  readonly nodes: number | null
  /** Price of one GPU for an hour; null when it isn't known. */
  readonly gpuPricePerHour: number | null
  /** ISO 4217 code of the price's currency; absent or null when it wasn't said, and amounts are then in units. */
  readonly currency?: string | null
  /** Price of a kWh of the GPUs, on top of their hours; absent where those contain it. */
  readonly pricePerKwh?: number
  /** Nodes that may be lost while the SLO still holds: 1 is N+1. */
  readonly nodesLost: number
}
