import type { Measurement } from '../../metrics/measurement.ts'
import { adjustForFalseDiscovery } from '../../metrics/statistics/false-discovery.ts'
import { type Figure, type FigureKey, figures } from './figures.ts'
import { type Interval, meanInterval, zeroMeanP } from './interval.ts'
import { likelyReason } from './reason.ts'

/** Result of one turn. */
export interface Turn {
  readonly round: number
  readonly generator: string
  /** Null if the generator failed. */
  readonly measurement: Measurement | null
  /** Reason of the failure; empty otherwise. */
  readonly failure: string
  /** The server's own record of this turn, if it keeps one. */
  readonly truth: Truth | null
}

/** Figures that a server's own record can confirm. */
export type Truth = { readonly [figure in FigureKey]?: number }

/** One generator's value of one figure. */
export interface Reading {
  readonly generator: string
  readonly figure: FigureKey
  readonly value: Interval | null
  /** Reported − true over its turns; null without a truth. */
  readonly error: Interval | null
  /** p-value of no error, adjusted for all readings that are compared with the truth; null if it is unknown. */
  readonly errorP: number | null
}

/** Two generators that differ significantly. */
export interface Difference {
  readonly figure: FigureKey
  readonly generator: string
  readonly against: string
  /** generator − against, paired by round. */
  readonly by: Interval
  /** {@link by} over the mean of `against`. */
  readonly share: number
  /** p-value of no difference, adjusted for all comparisons of the cross-check. */
  readonly p: number
  readonly reason: string
}

/** False-discovery rate of differences and errors; the same as for comparisons of runs. */
export const falseDiscoveryRate = 0.05

/** Smaller differences are irrelevant, however certain they are. */
const leastShare = 0.005

/**
 * Means of each generator's figures over its turns with a 95% interval, and their errors where the server keeps a
 * record.
 */
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

/** The compared figures, and the differences among them. */
export interface Comparison {
  /** Number of comparisons. */
  readonly comparisons: number
  /** Pairs that differ significantly and relevantly in a figure. */
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

/** The same with p-values adjusted for all known ones. */
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

/** The last turn with a measurement, because the first may have been a cold start. */
function lastTurn(turns: readonly Turn[], generator: string): Measurement | null {
  return turns.findLast(turn => turn.generator === generator && turn.measurement !== null)?.measurement ?? null
}
