import type { Measurement } from '../../metrics/measurement.ts'
import { adjustForFalseDiscovery } from '../../metrics/statistics/false-discovery.ts'
import { type Figure, type FigureKey, figures } from './figures.ts'
import { type Interval, meanInterval, zeroMeanP } from './interval.ts'
import { likelyReason } from './reason.ts'

/** What one turn gave. */
export interface Turn {
  readonly round: number
  readonly generator: string
  /** Null when the generator failed. */
  readonly measurement: Measurement | null
  /** Why it failed; empty when it didn't. */
  readonly failure: string
  /** The server's own record of this turn, where it keeps one. */
  readonly truth: Truth | null
}

/** Figures that a server with a record of its own vouches for. */
export type Truth = { readonly [figure in FigureKey]?: number }

/** One generator's value of one figure. */
export interface Reading {
  readonly generator: string
  readonly figure: FigureKey
  readonly value: Interval | null
  /** Reported − true over its turns; null without a truth. */
  readonly error: Interval | null
  /** p of no error, adjusted for all readings that are held against the truth; null where it can't be told. */
  readonly errorP: number | null
}

/** Two generators that do not say the same, beyond chance. */
export interface Difference {
  readonly figure: FigureKey
  readonly generator: string
  readonly against: string
  /** generator − against, paired by round. */
  readonly by: Interval
  /** {@link by} over the mean of `against`. */
  readonly share: number
  /** p of no difference, adjusted for all comparisons of the cross-check. */
  readonly p: number
  readonly reason: string
}

/** Of the differences (and errors) called so, this share is expected to be by chance; as in comparisons of runs. */
export const falseDiscoveryRate = 0.05

/** A difference this small is of no use to anyone, however certain it is. */
const leastShare = 0.005

export function readingsOf(turns: readonly Turn[], generators: readonly string[]): Reading[] {
  const readings = figures.flatMap(figure =>
    generators.map(generator => {
      const mine = turns.filter(turn => turn.generator === generator)
      const values = mine.flatMap(turn => reported(turn, figure) ?? [])
      const errors = mine.flatMap(turn => {
        const value = reported(turn, figure)
        const truth = turn.truth?.[figure.key]
        return value === null || truth === undefined ? [] : [value - truth]
      })
      const reading = { generator, figure: figure.key, value: meanInterval(values), error: meanInterval(errors) }
      return { reading, p: zeroMeanP(errors) }
    }),
  )
  return adjusted(readings).map(({ reading, p }) => ({ ...reading, errorP: p }))
}

/** What was compared, and what of it differs. */
export interface Comparison {
  /** Pairs and figures that could be compared: so many chances to be wrong. */
  readonly comparisons: number
  /** Every pair that differs in a figure, beyond chance and by enough to be worth a word. */
  readonly differences: readonly Difference[]
}

/**
 * Compares every pair in every figure, paired by round (Student's t). Three generators and nine figures make 27
 * comparisons, of which one in twenty would differ by chance: the false-discovery rate is controlled over all of them
 * (Benjamini-Hochberg).
 */
export function compareGenerators(turns: readonly Turn[], generators: readonly string[]): Comparison {
  const compared = figures.flatMap(figure =>
    pairsOf(generators).flatMap(([against, generator]) => {
      const difference = pairedDifference(turns, figure, generator, against)
      return difference === null ? [] : [{ figure, generator, against, ...difference }]
    }),
  )
  const differences = adjusted(compared).flatMap(({ figure, generator, against, by, share, p }) => {
    if (p === null || p > falseDiscoveryRate || Math.abs(share) < leastShare) return []
    const reason = likelyReason(figure, lastTurn(turns, generator), lastTurn(turns, against), by.mean)
    return [{ figure: figure.key, generator, against, by, share, p, reason }]
  })
  return { comparisons: compared.filter(({ p }) => p !== null).length, differences }
}

/** The same with p adjusted for all whose p is known. */
function adjusted<T extends { readonly p: number | null }>(tests: readonly T[]): T[] {
  const ps = adjustForFalseDiscovery(tests.flatMap(({ p }) => p ?? []))
  let next = 0
  return tests.map(test => (test.p === null ? test : { ...test, p: ps[next++] ?? 1 }))
}

function pairedDifference(turns: readonly Turn[], figure: Figure, generator: string, against: string) {
  const pairs = turns
    .filter(turn => turn.generator === generator)
    .flatMap(turn => {
      const other = turns.find(one => one.round === turn.round && one.generator === against)
      const value = reported(turn, figure)
      const base = other === undefined ? null : reported(other, figure)
      return value === null || base === null ? [] : [{ value, base }]
    })
  const differences = pairs.map(({ value, base }) => value - base)
  const by = meanInterval(differences)
  const base = meanInterval(pairs.map(pair => pair.base))
  if (by === null || base === null || base.mean === 0) return null
  return { by, share: by.mean / base.mean, p: zeroMeanP(differences) }
}

function reported(turn: Turn, figure: Figure): number | null {
  return turn.measurement === null ? null : figure.of(turn.measurement)
}

function pairsOf(generators: readonly string[]): [string, string][] {
  return generators.flatMap((first, index) =>
    generators.slice(index + 1).map((second): [string, string] => [first, second]),
  )
}

/** The last turn that gave something: the first may have been a cold start. */
function lastTurn(turns: readonly Turn[], generator: string): Measurement | null {
  return turns.findLast(turn => turn.generator === generator && turn.measurement !== null)?.measurement ?? null
}
