import type { Gate } from '../gates/gate.ts'
import { limitOutcome } from '../gates/limit.ts'
import { type GateCase, type GateOutcome, outcomeOf, pointCount } from '../gates/outcome.ts'
import type { ComparedPoint, Comparison } from './comparison.ts'
import type { FigureChange } from './figure-change.ts'
import { lossCount, lossesOf, lossSentence, lostRepeats } from './losses.ts'
import { pointName } from './match.ts'
import { accuracyOutcome } from './quality-gate.ts'
import { isBeyond, type Threshold } from './threshold.ts'

/** Gaps in a run that do not make a gate untested. */
export interface Allowance {
  /** Number of points without a valid result to accept. */
  readonly lost: number
}

/** The default: every point that the base measured needs a valid result. */
export const nothingLost: Allowance = { lost: 0 }

type Compared = Pick<Comparison, 'head' | 'points' | 'onlyBase' | 'onlyHead' | 'quality'>

/** Tests the gates of a comparison: changes against the base, limits against the head alone. */
export function comparisonGates(
  comparison: Compared,
  gates: readonly Gate[],
  allowance: Allowance = nothingLost,
): readonly GateOutcome[] {
  return gates.map(gate => {
    if (gate.kind === 'accuracy') return accuracyOutcome(gate, comparison.quality)
    if (gate.kind === 'change') return changeOutcome(gate, comparison, allowance)
    return limitOutcome(gate, comparison.head, {
      allowance,
      runName: 'HEAD',
      missing: lossesOf(comparison.points, comparison.onlyBase, comparison.head).missing.map(point => ({
        point,
        why: 'HEAD has no result here, but BASE does',
      })),
    })
  })
}

type Tested = GateCase & { readonly kind: CaseKind }
type CaseKind = 'shown' | 'in bounds' | 'lost' | 'no figure' | 'no noise' | 'not comparable' | 'not in base'

/** A gate on a change fails if the change is large enough and also shown. */
function changeOutcome(threshold: Threshold, compared: Compared, allowance: Allowance): GateOutcome {
  const losses = lossesOf(compared.points, compared.onlyBase, compared.head)
  const allowed = lossCount(losses) <= allowance.lost
  const cases = [
    ...compared.points.flatMap(point =>
      point.changes
        .filter(({ figure }) => figure.name === threshold.figure.name)
        .map(
          (change): Tested => ({
            name: pointName(point.head),
            ...caseOf(threshold, point, change, allowed),
            change,
          }),
        ),
    ),
    ...losses.missing.map(
      (point): Tested => ({
        name: pointName(point),
        kind: 'lost',
        outcome: allowed ? 'skipped' : 'not tested',
        message: 'HEAD has no result here, but BASE does',
      }),
    ),
    ...losses.leftOut.map(
      (point): Tested => ({
        name: pointName(point),
        kind: 'not in base',
        outcome: 'skipped',
        message: "HEAD's search left it out, since it could not win",
      }),
    ),
  ]
  const outcome = outcomeOf(cases)
  const count = (kind: CaseKind) => cases.filter(one => one.kind === kind).length
  const asked = cases.length - count('not in base')
  const quiet = beyondButNotShown(threshold, compared.points)
  const untested = [
    allowed ? '' : lossSentence(losses),
    count('no figure') > 0
      ? `HEAD has no ${threshold.figure.title} at ${count('no figure')} of ${pointCount(asked)} that BASE measured`
      : '',
    count('no noise') > 0
      ? `there is no estimate of noise at ${count('no noise')} of ${pointCount(asked)}: without repeats, a change cannot be distinguished from noise`
      : '',
    ...reasons(cases.filter(({ kind }) => kind === 'not comparable')),
    asked === 0 ? nothingAsked(compared) : '',
  ].filter(text => text !== '')
  const notes = [
    quiet > 0 ? `${quiet} more beyond it ${quiet === 1 ? 'is' : 'are'} not shown to be more than noise` : '',
    allowed && lossCount(losses) > 0 ? `${lossSentence(losses)}, which --allow-lost accepts` : '',
    lostRepeatsNote(compared.points),
    losses.leftOut.length > 0
      ? `HEAD's search left out ${losses.leftOut.length} of ${pointCount(losses.measured)} that BASE measured`
      : '',
    asked > 0 && count('not in base') > losses.leftOut.length
      ? notInBase(count('not in base') - losses.leftOut.length)
      : '',
  ].filter(text => text !== '')
  const passed = cases.filter(one => one.outcome === 'passed').length
  const said = {
    failed: [`at ${count('shown')} of ${pointCount(asked)}`, ...untested.map(text => `not tested elsewhere: ${text}`)],
    'not tested': untested.length > 0 ? untested : ['no point is left to test'],
    passed: [`at ${pointCount(passed)}`],
  }[outcome]
  return {
    gate: threshold,
    outcome,
    reason: [...said, ...notes].join('; '),
    cases: cases.map(({ kind: _, ...one }) => one),
  }
}

function caseOf(
  threshold: Threshold,
  { base, head }: ComparedPoint,
  change: FigureChange,
  lossAllowed: boolean,
): Omit<Tested, 'name'> {
  const { verdict, why } = change
  if (base.status !== 'ok' || change.base === null)
    return { kind: 'not in base', outcome: 'skipped', message: why || 'BASE has no such figure' }
  if (head.status !== 'ok') return { kind: 'lost', outcome: lossAllowed ? 'skipped' : 'not tested', message: why }
  if (change.head === null) return { kind: 'no figure', outcome: 'not tested', message: why }
  if (verdict === 'not comparable') return { kind: 'not comparable', outcome: 'not tested', message: why }
  if (change.adjustedP === null) return { kind: 'no noise', outcome: 'not tested', message: why }
  const shown = verdict === 'faster' || verdict === 'slower'
  if (shown && change.relative !== null && isBeyond(threshold, change.relative))
    return { kind: 'shown', outcome: 'failed', message: why }
  return { kind: 'in bounds', outcome: 'passed', message: why }
}

/** `3 of 24 points can't be compared: measured with another window (whole → steady)`, for each reason. */
function reasons(cases: readonly Tested[]): readonly string[] {
  return [...Map.groupBy(cases, ({ message }) => message)].map(
    ([why, alike]) => `${pointCount(alike.length)} cannot be compared: ${why}`,
  )
}

function nothingAsked({ points, onlyHead }: Compared): string {
  if (points.length === 0 && onlyHead.length === 0) return 'neither run has a point'
  return 'nothing is comparable: BASE measured none of these points'
}

/** Number of points whose change exceeds a threshold in size but is not shown. */
export function beyondButNotShown(threshold: Threshold, points: readonly ComparedPoint[]): number {
  return points
    .flatMap(({ changes }) => changes)
    .filter(({ figure, verdict }) => figure.name === threshold.figure.name && verdict === 'no difference shown')
    .filter(({ relative }) => relative !== null && isBeyond(threshold, relative)).length
}

const notInBase = (points: number) =>
  `${points} more ${points === 1 ? 'point has' : 'points have'} no such figure in BASE`

function lostRepeatsNote(points: readonly ComparedPoint[]): string {
  const lost = lostRepeats(points.filter(({ base }) => base.status === 'ok').map(({ head }) => head))
  return lost === 0
    ? ''
    : `${lost} ${lost === 1 ? 'repeat' : 'repeats'} of HEAD's valid points failed or are invalid, and are ignored`
}
