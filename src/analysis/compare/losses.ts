import type { Run } from '../../journal/run.ts'
import { pointCount } from '../gates/outcome.ts'
import { standingOf } from '../gates/standing.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { leftOutBy } from './left-out.ts'
import type { Pair } from './match.ts'

/** Points that the base measured and the head did not. The remaining points cannot replace them. */
export interface Losses {
  /** Points with a valid result in the base. */
  readonly measured: number
  readonly failed: readonly MeasuredPoint[]
  readonly invalid: readonly MeasuredPoint[]
  /** Points for which the head has no result. */
  readonly missing: readonly MeasuredPoint[]
  /** Points that the head's search skipped deliberately: neither lost nor tested. */
  readonly leftOut: readonly MeasuredPoint[]
}

/** Points of the base that the head lost. */
export function lossesOf(pairs: readonly Pair[], onlyBase: readonly MeasuredPoint[], head: Run): Losses {
  const known = pairs.filter(({ base }) => base.status === 'ok')
  const lost = (status: MeasuredPoint['status']) =>
    known.flatMap(({ head }) => (standingOf(head) === status ? [head] : []))
  const isLeftOut = leftOutBy(head)
  const gone = onlyBase.filter(({ status }) => status === 'ok')
  return {
    measured: known.length + gone.length,
    failed: lost('failed'),
    invalid: lost('invalid'),
    missing: gone.filter(point => !isLeftOut(point)),
    leftOut: gone.filter(isLeftOut),
  }
}

/** Number of points without a valid result. */
export const lossCount = ({ failed, invalid, missing }: Omit<Losses, 'leftOut'>): number =>
  failed.length + invalid.length + missing.length

/** Names of the two sides in messages. */
export interface SideNames {
  readonly head: string
  readonly base: string
}

/** `HEAD failed at 24 of 24 points that BASE measured`; empty if nothing is lost. */
export function lossSentence(
  { measured, failed, invalid, missing }: Omit<Losses, 'leftOut'>,
  names: SideNames = { head: 'HEAD', base: 'BASE' },
): string {
  const parts = [
    failed.length > 0 ? `failed at ${failed.length}` : '',
    invalid.length > 0 ? `is invalid at ${invalid.length}` : '',
    missing.length > 0 ? `has no result at ${missing.length}` : '',
  ].filter(part => part !== '')
  return parts.length === 0
    ? ''
    : `${names.head} ${listed(parts)} of ${pointCount(measured)} that ${names.base} measured`
}

const listed = (parts: readonly string[]) =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`

/**
 * Number of repeats left out at points that have another valid one. Such points count, with fewer repeats than
 * requested.
 */
export function lostRepeats(points: readonly MeasuredPoint[]): number {
  return points
    .filter(({ status }) => status === 'ok')
    .reduce((sum, { repeats, valid }) => sum + repeats.length - valid.length, 0)
}
