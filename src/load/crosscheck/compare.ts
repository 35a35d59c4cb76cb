import type { Measurement } from '../../metrics/measurement.ts'
import { type Figure, type FigureKey, figures } from './figures.ts'
import { type Interval, meanInterval } from './interval.ts'
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
  readonly reason: string
}

/** A difference this small is of no use to anyone, however certain it is. */
const leastShare = 0.005

export function readingsOf(turns: readonly Turn[], generators: readonly string[]): Reading[] {
  return figures.flatMap(figure =>
    generators.map(generator => {
      const mine = turns.filter(turn => turn.generator === generator)
      const values = mine.flatMap(turn => reported(turn, figure) ?? [])
      const errors = mine.flatMap(turn => {
        const value = reported(turn, figure)
        const truth = turn.truth?.[figure.key]
        return value === null || truth === undefined ? [] : [value - truth]
      })
      return { generator, figure: figure.key, value: meanInterval(values), error: meanInterval(errors) }
    }),
  )
}

/** Every pair that differs in a figure: the interval of the paired difference leaves 0 out, and it is worth a word. */
export function differencesOf(turns: readonly Turn[], generators: readonly string[]): Difference[] {
  return figures.flatMap(figure =>
    pairsOf(generators).flatMap(([against, generator]) => {
      const difference = pairedDifference(turns, figure, generator, against)
      if (difference === null || !shown(difference)) return []
      const reason = likelyReason(figure, lastTurn(turns, generator), lastTurn(turns, against), difference.by.mean)
      return [{ figure: figure.key, generator, against, ...difference, reason }]
    }),
  )
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
  const by = meanInterval(pairs.map(({ value, base }) => value - base))
  const base = meanInterval(pairs.map(pair => pair.base))
  if (by === null || base === null || base.mean === 0) return null
  return { by, share: by.mean / base.mean }
}

function shown({ by, share }: { readonly by: Interval; readonly share: number }): boolean {
  return by.half !== null && Math.abs(by.mean) > by.half && Math.abs(share) >= leastShare
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
