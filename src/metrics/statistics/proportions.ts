import { incompleteBeta } from './beta.ts'
import { normalProbability } from './normal.ts'
import { type Bounds, wilsonInterval } from './wilson.ts'

/** Difference of two shares, with its uncertainty. */
export interface ShareDifference {
  /** Second − first, −1 to 1. */
  readonly difference: number
  /** 95%. */
  readonly ci95: Bounds
  /** One-sided: probability of a fall (a rise) of at least this size without a real change. */
  readonly p: { readonly down: number; readonly up: number }
}

/** Outcomes of the same subjects before and after. */
export interface PairedCounts {
  readonly both: number
  readonly onlyFirst: number
  readonly onlySecond: number
  readonly neither: number
}

/**
 * Compares two shares of the same subjects with McNemar's test in its exact form, a sign test of the subjects that
 * changed (McNemar, Psychometrika 1947; Fagerland, Lydersen and Laake, BMC Medical Research Methodology 2013), and
 * Newcombe's interval of the difference (Statistics in Medicine 1998, 17:2635, method 10).
 */
export function pairedDifference({ both, onlyFirst, onlySecond, neither }: PairedCounts): ShareDifference {
  const n = both + onlyFirst + onlySecond + neither
  const first = (both + onlyFirst) / n
  const second = (both + onlySecond) / n
  const changed = onlyFirst + onlySecond
  const margins = (both + onlyFirst) * (onlySecond + neither) * (both + onlySecond) * (onlyFirst + neither)
  const cross = both * neither - onlyFirst * onlySecond
  const correlation = margins === 0 ? 0 : (cross > 0 ? Math.max(cross - n / 2, 0) : cross) / Math.sqrt(margins)
  return {
    difference: second - first,
    ci95: newcombe([both + onlyFirst, n], [both + onlySecond, n], correlation),
    p: { down: atLeast(onlyFirst, changed), up: atLeast(onlySecond, changed) },
  }
}

/**
 * Compares two shares of different subjects with the score test of two proportions, which is Pearson's chi-squared
 * without correction (Fleiss, Levin and Paik 2003, "Statistical Methods for Rates and Proportions", chapter 3), and
 * Newcombe's interval (Statistics in Medicine 1998, 17:873, method 10).
 */
export function unpairedDifference(
  first: { readonly hits: number; readonly n: number },
  second: { readonly hits: number; readonly n: number },
): ShareDifference {
  const difference = second.hits / second.n - first.hits / first.n
  const pooled = (first.hits + second.hits) / (first.n + second.n)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / first.n + 1 / second.n))
  const z = error === 0 ? 0 : difference / error
  return {
    difference,
    ci95: newcombe([first.hits, first.n], [second.hits, second.n], 0),
    p: error === 0 ? { down: 1, up: 1 } : { down: normalProbability(z), up: normalProbability(-z) },
  }
}

/** Interval of second − first from the Wilson intervals of both and the correlation of their errors. */
function newcombe(first: readonly [number, number], second: readonly [number, number], correlation: number): Bounds {
  const [p1, p2] = [first[0] / first[1], second[0] / second[1]]
  const [low1, high1] = wilsonInterval(...first)
  const [low2, high2] = wilsonInterval(...second)
  const reach = (a: number, b: number) => Math.sqrt(Math.max(0, a * a - 2 * correlation * a * b + b * b))
  const difference = p2 - p1
  return [
    Math.max(-1, difference - reach(p2 - low2, high1 - p1)),
    Math.min(1, difference + reach(high2 - p2, p1 - low1)),
  ]
}

/** Probability of at least `hits` heads in `n` tosses of a fair coin; 1 without a toss. */
function atLeast(hits: number, n: number): number {
  return hits === 0 ? 1 : incompleteBeta(0.5, hits, n - hits + 1)
}
