import type { Point, Slo } from '../../model/index.ts'
import { canonicalJson, gpusOf, gpusOfRole, meanTokens } from '../../model/index.ts'
import type { Prior } from './prior.ts'

/** A point and its prior. */
export interface PriorRank {
  readonly point: Point
  /** 0 without a prior, up to 1 for the expected best of its workload. */
  readonly promise: number
  /** The closest prior; null if there is none. */
  readonly prior: Prior | null
}

/**
 * Factor for points expected to miss the SLO: they come after those expected to meet it, but before points without a
 * prior.
 */
const missed = 0.3
/** Each difference by a factor of e in ratio, load, lengths or size reduces the weight of a prior by this much. */
const fading = 1

/**
 * Points by descending promise according to priors; points with equal promise keep their order. The result contains
 * every point: priors decide the order of measurements, not whether they happen.
 */
export function priorOrder(points: readonly Point[], priors: readonly Prior[]): readonly PriorRank[] {
  const best = new Map<string, number>()
  const ranked = points.map(point => {
    const workload = canonicalJson(point.workload)
    const believed = strongest(point, priors)
    best.set(workload, Math.max(best.get(workload) ?? 0, believed?.worth ?? 0))
    return { point, workload, believed }
  })
  return ranked
    .map(({ point, workload, believed }) => ({
      point,
      promise: believed === null ? 0 : believed.worth / (best.get(workload) || 1),
      prior: believed?.prior ?? null,
    }))
    .toSorted((a, b) => b.promise - a.promise)
}

/** The prior with the most weight for a point, discounted by the distance between the two. */
function strongest(point: Point, priors: readonly Prior[]): { readonly prior: Prior; readonly worth: number } | null {
  let found: { readonly prior: Prior; readonly nearness: number } | null = null
  for (const prior of priors) {
    const nearness = nearnessOf(point, prior)
    if (nearness > (found?.nearness ?? 0)) found = { prior, nearness }
  }
  if (found === null) return null
  const { prior, nearness } = found
  return { prior, worth: nearness * prior.tokensPerSPerGpu * (meets(prior, point.slo) ? 1 : missed) }
}

/**
 * 1 for the same configuration; 0 if a prior does not apply (aggregated against disaggregated, fixed load against
 * request rate).
 */
function nearnessOf({ deployment, workload, load: { level } }: Point, prior: Prior): number {
  const { topology } = deployment
  const value = level.kind === 'concurrency' ? level.concurrency : level.kind === 'rate' ? level.requestsPerS : null
  if (topology.kind !== prior.topology.kind || level.kind !== prior.load.kind || value === null) return 0
  const gpus = gpusOf(deployment)
  const isAggregated = topology.kind === 'aggregated'
  const apart = [
    [meanTokens(workload.isl), prior.isl],
    [meanTokens(workload.osl), prior.osl],
    [value / gpus, prior.load.value / prior.gpus],
    [deployment.gpusPerWorker[isAggregated ? 'aggregated' : 'decode'], prior.gpusPerDecodeWorker],
    ...(isAggregated
      ? []
      : [
          [
            gpusOfRole(deployment, 'prefill') / gpusOfRole(deployment, 'decode'),
            prior.prefillGpus / (prior.gpus - prior.prefillGpus),
          ],
        ]),
  ].reduce((sum, [a = 1, b = 1]) => sum + Math.abs(Math.log(a / b)), 0)
  return Math.exp(-fading * apart)
}

const meets = ({ ttftMs, itlMs }: Prior, slo: Slo) =>
  (ttftMs ?? 0) <= (slo.ttftP95Ms ?? Number.POSITIVE_INFINITY) &&
  (itlMs ?? 0) <= (slo.itlP95Ms ?? Number.POSITIVE_INFINITY)
