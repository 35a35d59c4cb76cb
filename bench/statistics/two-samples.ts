import { normalProbability } from '../../src/metrics/statistics/normal.ts'
import type { Random } from '../../src/model/index.ts'

/**
 * Two-sided p of Mann and Whitney's U: whether values of one sample tend to be larger than the other's. Exact when both
 * have at most 20 values and none is tied, by counting arrangements (Mann and Whitney 1947); else the normal
 * approximation with correction for ties and continuity. simple-statistics' rank sum gives no p.
 */
export function mannWhitney(a: Float64Array, b: Float64Array): { readonly u: number; readonly p: number } {
  const n = a.length
  const m = b.length
  const ranks = ranksOf([...a, ...b])
  const u = ranks.values.slice(0, n).reduce((sum, rank) => sum + rank, 0) - (n * (n + 1)) / 2
  if (n === 0 || m === 0) return { u, p: 1 }
  if (ranks.tiesCubed === 0 && Math.max(n, m) <= 20) return { u, p: exactP(u, n, m) }
  const total = n + m
  const variance = ((n * m) / 12) * (total + 1 - ranks.tiesCubed / (total * (total - 1)))
  if (variance <= 0) return { u, p: 1 }
  const z = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5) / Math.sqrt(variance)
  return { u, p: Math.min(1, 2 * normalProbability(-z)) }
}

/** Ranks from 1, tied values sharing their mean rank, and the sum of t³ − t over groups of ties. */
function ranksOf(values: readonly number[]): { readonly values: readonly number[]; readonly tiesCubed: number } {
  const order = values.map((value, index) => ({ value, index })).sort((x, y) => x.value - y.value)
  const ranks = new Array<number>(values.length).fill(0)
  let tiesCubed = 0
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to < order.length && order[to]?.value === order[from]?.value) to += 1
    for (const { index } of order.slice(from, to)) ranks[index] = (from + 1 + to) / 2
    tiesCubed += (to - from) ** 3 - (to - from)
    from = to
  }
  return { values: ranks, tiesCubed }
}

/**
 * Share of the arrangements whose U is at least as far from the middle, doubled: counts by Mann and Whitney's
 * recurrence.
 */
function exactP(u: number, n: number, m: number): number {
  // counts[j][k]: arrangements of i and j values with U = k, for i growing to n.
  let counts = Array.from({ length: m + 1 }, () => [1])
  for (let i = 1; i <= n; i++) {
    const next: number[][] = [[1]]
    for (let j = 1; j <= m; j++) {
      const row = new Array<number>(i * j + 1).fill(0)
      // The largest value is of the first sample, and above all j of the second, or it is of the second.
      for (const [k, ways] of (counts[j] ?? []).entries()) row[k + j] = (row[k + j] ?? 0) + ways
      for (const [k, ways] of (next[j - 1] ?? []).entries()) row[k] = (row[k] ?? 0) + ways
      next.push(row)
    }
    counts = next
  }
  const ways = counts[m] ?? []
  const all = ways.reduce((sum, count) => sum + count, 0)
  const tail = ways.slice(0, Math.min(u, n * m - u) + 1).reduce((sum, count) => sum + count, 0)
  return Math.min(1, (2 * tail) / all)
}

/**
 * Two-sided p of a permutation test on the difference of means, by `shuffles` random relabellings. The observed
 * labelling is counted as one of them, so that p is never 0 and the test keeps its level (Phipson and Smyth 2010).
 */
export function permutationP(a: Float64Array, b: Float64Array, random: Random, shuffles = 9999): number {
  const pool = Float64Array.of(...a, ...b)
  const total = pool.reduce((sum, value) => sum + value, 0)
  const difference = () => {
    let sum = 0
    for (let i = 0; i < a.length; i++) sum += pool[i] ?? 0
    return Math.abs(sum / a.length - (total - sum) / b.length)
  }
  // Sums in another order differ in the last digits; those count as equal.
  const observed = difference() * (1 - 1e-12)
  let atLeast = 1
  for (let shuffle = 0; shuffle < shuffles; shuffle++) {
    for (let i = 0; i < a.length; i++) {
      const j = i + random.integer(pool.length - i)
      const kept = pool[i] ?? 0
      pool[i] = pool[j] ?? 0
      pool[j] = kept
    }
    if (difference() >= observed) atLeast += 1
  }
  return atLeast / (shuffles + 1)
}
