import type { Deployment } from '../../model/index.ts'
import { gpusOf, gpusOfRole } from '../../model/index.ts'
import type { CapacityQuestion } from './question.ts'

/** Hours of a month: a twelfth of 365 days. */
export const hoursOfMonth = 730

/**
 * What tokens cost, in the currency of the price, or in GPU-hours where no price is given. Null where it can't be told.
 */
export interface Cost {
  readonly unit: 'price' | 'GPU-hours'
  /** ISO 4217 code; null where the price's currency wasn't said (amounts are units of it), or there is no price. */
  readonly currency: string | null
  readonly perHour: number
  /** All of it on tokens of one kind. */
  readonly perMillionInput: number
  readonly perMillionOutput: number
  /** Input and output tokens alike. */
  readonly perMillionTokens: number
  /** A month in which every day is like the plan's. */
  readonly month: Month
  /** Input pays for prefill's GPUs, output for decode's; null for an aggregated deployment, whose GPUs do both. */
  readonly byRole: { readonly perMillionInput: number; readonly perMillionOutput: number } | null
}

/**
 * What a month has and costs when every day has the traffic of the plan, growth included, and every node runs all of
 * it.
 */
export interface Month {
  readonly hours: number
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cost: number
}

/** Cost of the tokens of a mean hour of the day when every node runs all day. */
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
