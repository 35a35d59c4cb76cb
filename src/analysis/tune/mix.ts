import type { Workload } from '../../model/index.ts'
import { gpusOf, meanTokens, smallest } from '../../model/index.ts'
import type { Difference, Estimate } from '../estimate.ts'
import { differenceOf, estimateFrom } from '../estimate.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { meetsSlo } from '../slo.ts'
import { bestByThroughput } from '../ties.ts'

/** Shares of workloads by name, with a sum of 1. */
export type Mix = { readonly [workload: string]: number }

/** A workload of a run and its points. */
export interface MixedWorkload {
  readonly workload: Workload
  /** Unique within the run. */
  readonly name: string
  readonly points: readonly MeasuredPoint[]
}

/** Performance of one deployment with a mix of workloads. */
export interface MixChoice {
  readonly label: string
  readonly gpus: number
  /** Point of each workload from which its capacity is taken. */
  readonly parts: readonly { readonly workload: string; readonly share: number; readonly point: MeasuredPoint }[]
  /** Requests/s of the mix, for the whole deployment. */
  readonly requestsPerS: Estimate
  /** Output tokens/s per GPU of the mix. */
  readonly tokensPerSPerGpu: Estimate
}

/** Recommended deployment for all workloads of a mix. */
export interface MixRecommendation {
  readonly mix: Mix
  /** Deployment with the most tokens/s per GPU among those that meet the SLO with every workload; null if none does. */
  readonly best: MixChoice | null
  readonly runnerUp: { readonly choice: MixChoice; readonly lead: Difference } | null
  /** By descending tokens/s per GPU. */
  readonly choices: readonly MixChoice[]
  readonly leftOut: readonly LeftOut[]
}

interface LeftOut {
  readonly label: string
  readonly why: string
}

/**
 * Recommends one deployment for a mix. Each workload takes the share of time that its requests need at the best point
 * within the SLO, so capacities combine as 1 / Σ share / requests/s. The interval follows from those of the points.
 */
export function recommendForMix(workloads: readonly MixedWorkload[], mix: Mix): MixRecommendation {
  const wanted = workloads.filter(({ name }) => (mix[name] ?? 0) > 0)
  const osl = wanted.reduce((sum, { name, workload }) => sum + (mix[name] ?? 0) * meanTokens(workload.osl), 0)
  const all = wanted.flatMap(({ points }) => points)
  const tried = [...Map.groupBy(all, point => point.deployment.id)].map(([id, [first]]): MixChoice | LeftOut => {
    const label = first?.label ?? id
    const gpus = first === undefined ? 1 : gpusOf(first.deployment)
    const parts = wanted.map(({ name, points }) => ({
      workload: name,
      share: mix[name] ?? 0,
      point: bestUnderSlo(points.filter(point => point.deployment.id === id)),
    }))
    const without = parts.find(part => part.point === null)
    if (without !== undefined) return { label, why: `no point of ${without.workload} is valid and meets the SLO` }
    const found = parts.flatMap(({ point, ...part }) => (point === null ? [] : [{ ...part, point }]))
    const requestsPerS = combined(found)
    return { label, gpus, parts: found, requestsPerS, tokensPerSPerGpu: times(requestsPerS, osl / gpus) }
  })
  const choices = tried
    .filter(one => 'parts' in one)
    .toSorted((a, b) => b.tokensPerSPerGpu.mean - a.tokensPerSPerGpu.mean)
  const first = (some: readonly MixChoice[]) =>
    bestByThroughput(some, ({ tokensPerSPerGpu, gpus }) => ({ throughput: tokensPerSPerGpu, gpus })) ?? null
  const best = first(choices)
  const second = first(choices.filter(choice => choice !== best))
  return {
    mix,
    best,
    runnerUp:
      best === null || second === null
        ? null
        : { choice: second, lead: differenceOf(best.tokensPerSPerGpu, second.tokensPerSPerGpu) },
    choices,
    leftOut: tried.filter(one => 'why' in one),
  }
}

/** Valid point within the SLO with the most requests/s. */
function bestUnderSlo(points: readonly MeasuredPoint[]): MeasuredPoint | null {
  const rate = (point: MeasuredPoint) => point.figures.request_throughput?.mean ?? 0
  return points.filter(point => meetsSlo(point) && rate(point) > 0).toSorted((a, b) => rate(b) - rate(a))[0] ?? null
}

/**
 * R = 1 / Σ w/r, with the variance of its mean by the delta method: ∂R/∂r = R² w / r². Uses the number of repeats of
 * the least repeated point.
 */
function combined(parts: MixChoice['parts']): Estimate {
  const rates = parts.map(({ share, point }) => ({ share, rate: point.figures.request_throughput }))
  const mean = 1 / rates.reduce((sum, { share, rate }) => sum + share / (rate?.mean ?? 0), 0)
  const n = smallest(rates.map(({ rate }) => rate?.n ?? 0))
  if (n < 2) return estimateFrom(mean, null, n)
  const variance = rates.reduce((sum, { share, rate }) => {
    if (!rate) return sum
    return sum + ((mean ** 2 * share) / rate.mean ** 2) ** 2 * ((rate.stddev ?? 0) ** 2 / rate.n)
  }, 0)
  return estimateFrom(mean, Math.sqrt(variance * n), n)
}

function times({ mean, stddev, n }: Estimate, factor: number): Estimate {
  return estimateFrom(mean * factor, stddev === null ? null : stddev * factor, n)
}
