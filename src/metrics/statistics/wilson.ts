/** The normal quantile of a 95% interval. */
const z95 = 1.959963984540054

/** Bounds of a share, 0–1. */
export type Bounds = readonly [low: number, high: number]

/**
 * Wilson's score interval of a share, 95% (Wilson, JASA 1927; recommended by Brown, Cai and DasGupta, Statistical
 * Science 2001): it keeps its coverage for small numbers and shares near 0 and 1.
 * @param hits of `n`, 0 ≤ hits ≤ n and n ≥ 1
 */
export function wilsonInterval(hits: number, n: number, z = z95): Bounds {
  const share = hits / n
  const centre = share + (z * z) / (2 * n)
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  const scale = 1 + (z * z) / n
  // Rounding could otherwise exclude the share itself at the ends.
  const low = hits === 0 ? 0 : Math.min(share, Math.max(0, (centre - half) / scale))
  const high = hits === n ? 1 : Math.max(share, Math.min(1, (centre + half) / scale))
  return [low, high]
}
