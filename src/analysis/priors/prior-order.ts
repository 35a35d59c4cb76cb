import type { Point, Slo } from '../../model/index.ts'
import { canonicalJson, gpusOf, gpusOfRole, meanTokens } from '../../model/index.ts'
import type { Prior } from './prior.ts'

/** A point and what is believed of it. */
export interface PriorRank {
  readonly point: Point
  /** 0 when nothing is believed, up to 1 for what is believed to be the best of its workload. */
  readonly promise: number
  /** The nearest prior; null when nothing is believed. */
  readonly prior: Prior | null
}

/** What misses the SLO by belief is tried after what doesn't, and still before what nothing is known of. */
const missed = 0.3
/** A difference by the factor e in ratio, load, lengths or size makes a prior count this much less. */
const fading = 1

/**
 * Points in the order in which they promise most by priors; points of equal promise stay in the order they have. Every
 * point is in the result: a belief decides what is measured first, never whether.
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

/** The prior that says most for a point, counted down by how far the two lie apart. */
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
 * 1 for the same; 0 where a prior says nothing of a point (aggregated against disaggregated, held load against a rate).
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
