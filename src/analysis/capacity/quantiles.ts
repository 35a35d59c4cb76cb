import type { Distribution } from '../../metrics/measurement.ts'
import { largest, smallest } from '../../point/index.ts'

/** A distribution as its percentiles tell it: values at {@link ranks}, straight lines between. */
export type Quantiles = readonly number[]

const names = ['min', 'p1', 'p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99', 'max'] as const
/** Ranks of {@link Quantiles}, 0–1. */
const ranks = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1] as const

/** Quantile by quantile the mean over repeats, as a point's p95 is the mean of its repeats'; null without any. */
export function quantilesOf(repeats: readonly Distribution[]): Quantiles | null {
  if (repeats.length === 0) return null
  return names.map(name => repeats.reduce((sum, distribution) => sum + distribution[name], 0) / repeats.length)
}

/** Rank by rank on the straight line from `a` (share 0) to `b` (share 1). */
export function between(a: Quantiles, b: Quantiles, share: number): Quantiles {
  return a.map((value, i) => value + ((b[i] ?? value) - value) * share)
}

export function scaled(quantiles: Quantiles, factor: number): Quantiles {
  return quantiles.map(value => value * factor)
}

/** The distribution without its largest values, `share` (0–1) of all. */
export function withoutTop(quantiles: Quantiles, share: number): Quantiles {
  return ranks.map(rank => valueAt(quantiles, rank * (1 - share)))
}

function valueAt(quantiles: Quantiles, rank: number): number {
  const above = ranks.findIndex(known => known >= rank)
  const [to = 1, high = 0] = [ranks[above], quantiles[above]]
  if (above <= 0) return high
  const [from = 0, low = 0] = [ranks[above - 1], quantiles[above - 1]]
  return low + ((rank - from) / (to - from)) * (high - low)
}

/** Share of requests at or below `limit`, 0–1. */
export function shareBelow(quantiles: Quantiles, limit: number): number {
  const above = quantiles.findIndex(value => value > limit)
  if (above === -1) return 1
  if (above === 0) return 0
  const [low = 0, high = 0] = [quantiles[above - 1], quantiles[above]]
  const [from = 0, to = 1] = [ranks[above - 1], ranks[above]]
  return from + ((limit - low) / (high - low)) * (to - from)
}

/** A part of a mixture. */
export interface Part {
  readonly weight: number
  readonly quantiles: Quantiles
}

/** The value that `rank` (0–1) of a mixture lies at or below. Weights need not add up to 1. */
export function mixtureQuantile(parts: readonly Part[], rank: number): number {
  const all = parts.reduce((sum, { weight }) => sum + weight, 0)
  let low = smallest(parts.map(({ quantiles }) => quantiles[0] ?? 0))
  let high = largest(parts.map(({ quantiles }) => quantiles.at(-1) ?? 0))
  for (let i = 0; i < 50 && high - low > 1e-6 * high; i++) {
    const middle = (low + high) / 2
    const below = parts.reduce((sum, part) => sum + part.weight * shareBelow(part.quantiles, middle), 0)
    if (below < rank * all) low = middle
    else high = middle
  }
  return high
}

/** The mean that the straight lines between quantiles have. */
export function meanOf(quantiles: Quantiles): number {
  return quantiles.slice(1).reduce((sum, value, i) => {
    const [from = 0, to = 1] = [ranks[i], ranks[i + 1]]
    return sum + ((value + (quantiles[i] ?? value)) / 2) * (to - from)
  }, 0)
}
