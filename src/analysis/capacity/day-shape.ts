import { largest } from '../../model/index.ts'
import type { Demand, Traffic } from './question.ts'

/**
 * Named shapes of a day, as requests per hour relative to the busiest hour. They are estimates to start from; measure
 * your own.
 */
export const dayShapes = {
  flat: Array.from({ length: 24 }, () => 1),
  /** Office hours of one time zone, quiet at night. */
  office: [
    0.1, 0.08, 0.07, 0.07, 0.08, 0.12, 0.22, 0.42, 0.7, 0.92, 1, 0.97, 0.82, 0.88, 0.97, 0.95, 0.85, 0.65, 0.45, 0.33,
    0.26, 0.2, 0.16, 0.13,
  ],
  /** People at home: a slow rise towards the evening. */
  evening: [
    0.42, 0.3, 0.22, 0.17, 0.15, 0.16, 0.22, 0.33, 0.42, 0.5, 0.55, 0.6, 0.65, 0.64, 0.63, 0.65, 0.7, 0.77, 0.85, 0.93,
    1, 0.98, 0.83, 0.6,
  ],
} satisfies { readonly [name: string]: readonly number[] }

/** Scales a day so that its busiest hour is 1. */
export function normalisedDay(day: readonly number[]): readonly number[] {
  const top = largest(day)
  return day.map(factor => factor / top)
}

/** Mean of a normalized day: mean requests/s divided by those of the busiest hour. */
export function meanOfDay(day: readonly number[]): number {
  return day.reduce((sum, factor) => sum + factor, 0) / day.length
}

/** Factor by which traffic grows in this many months. */
export function growthAfter({ growthPerMonth }: Traffic, months: number): number {
  return (1 + growthPerMonth) ** months
}

/**
 * Requests/s of the busiest hour today. Users who wait for answers send at most one request per thinking time plus
 * latency (the interactive response time law), using the lowest latency that the deployment showed.
 */
export function peakOf(demand: Demand, day: readonly number[], leastLatencyMs: number): number {
  switch (demand.kind) {
    case 'peak':
      return demand.requestsPerS
    case 'mean':
      return demand.requestsPerS / meanOfDay(day)
    case 'users':
      return demand.users / (demand.thinkS + leastLatencyMs / 1000)
  }
}
