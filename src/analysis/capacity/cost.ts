import type { Deployment } from '../../model/index.ts'
import { gpusOf, gpusOfRole } from '../../model/index.ts'
import type { CapacityQuestion } from './question.ts'

/** Hours per month: a twelfth of 365 days. */
export const hoursOfMonth = 730

/** Cost of tokens in the currency of the price, or in GPU-hours without a price. Null if unknown. */
export interface Cost {
  readonly unit: 'price' | 'GPU-hours'
  /** ISO 4217 code; null if the price has no currency (amounts are in units of it), or without a price. */
  readonly currency: string | null
  readonly perHour: number
  /** With all cost assigned to tokens of one kind. */
  readonly perMillionInput: number
  readonly perMillionOutput: number
  /** With equal cost for input and output tokens. */
  readonly perMillionTokens: number
  /** A month in which every day is like the planned day. */
  readonly month: Month
  /**
   * Prefill's GPUs divided by input tokens and decode's by output tokens; null for an aggregated deployment, whose GPUs
   * do both.
   */
  readonly byRole: { readonly perMillionInput: number; readonly perMillionOutput: number } | null
}

/**
 * Totals and cost of a month in which every day has the planned traffic, growth included, and every node runs all the
 * time.
 */
export interface Month {
  readonly hours: number
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cost: number
}

/** Cost of the tokens in a mean hour of the day, if every node runs all day. */
export function costOf(parts: {
  readonly deployment: Deployment
  readonly gpusPaid: number
  readonly meanRequestsPerS: number
  readonly question: CapacityQuestion
}): Cost {
  const { deployment, gpusPaid, meanRequestsPerS, question } = parts
  const { mix } = question.traffic
  const price = question.fleet.gpuPricePerHour
  const perHour = gpusPaid * (price ?? 1)
  const millions = (tokens: number) => (meanRequestsPerS * tokens * 3600) / 1e6
  const input = millions(mix.reduce((sum, { share, isl }) => sum + share * isl, 0))
  const output = millions(mix.reduce((sum, { share, osl }) => sum + share * osl, 0))
  const prefill = gpusOfRole(deployment, 'prefill') / gpusOf(deployment)
  return {
    unit: price === null ? 'GPU-hours' : 'price',
    currency: price === null ? null : (question.fleet.currency ?? null),
    perHour,
    perMillionInput: perHour / input,
    perMillionOutput: perHour / output,
    perMillionTokens: perHour / (input + output),
    month: {
      hours: hoursOfMonth,
      requests: meanRequestsPerS * 3600 * hoursOfMonth,
      inputTokens: input * 1e6 * hoursOfMonth,
      outputTokens: output * 1e6 * hoursOfMonth,
      cost: perHour * hoursOfMonth,
    },
    byRole:
      deployment.topology.kind === 'aggregated'
        ? null
        : { perMillionInput: (perHour * prefill) / input, perMillionOutput: (perHour * (1 - prefill)) / output },
  }
}
