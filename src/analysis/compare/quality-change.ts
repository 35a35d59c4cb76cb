import { type AskedQuestions, accuracyOf, type Quality } from '../../metrics/quality.ts'
import { adjustForFalseDiscovery } from '../../metrics/statistics/false-discovery.ts'
import { pairedDifference, type ShareDifference, unpairedDifference } from '../../metrics/statistics/proportions.ts'
import { loadLabel } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { Pair } from './match.ts'

/** Change in quality at a point for which the base has a check. */
export interface QualityChange {
  /** The base's point, and the head's check: at the same point, or else at another point of the same deployment. */
  readonly base: MeasuredPoint
  readonly head: MeasuredPoint | null
  /** Shares, 0–1; null if unknown. */
  readonly baseAccuracy: number | null
  readonly headAccuracy: number | null
  /**
   * `paired`: the same questions, by McNemar's test. `unpaired`: by the test of two proportions. Null without a test.
   */
  readonly test: 'paired' | 'unpaired' | null
  /** Head − base, 0.01 for 1 percentage point. */
  readonly difference: number | null
  readonly ci95: ShareDifference['ci95'] | null
  /**
   * One-sided probabilities of a fall and of a rise without a real change, adjusted over all points
   * (Benjamini–Hochberg).
   */
  readonly adjustedP: ShareDifference['p'] | null
  readonly verdict: 'better' | 'worse' | 'no difference shown' | 'not comparable'
  /** Why nothing could be compared, or additional differences; may be empty. */
  readonly why: string
}

/** Probability of reporting a change where there is none, as for the other figures. */
const level = 0.05

/** Quality check of a point, taken from the first valid repeat that has one. */
const qualityAt = ({ valid }: Pick<MeasuredPoint, 'valid'>): Quality | undefined =>
  valid.find(({ quality }) => quality !== undefined)?.quality

/** Compares quality wherever the base has a check. Questions answered in both runs are compared one by one. */
export function qualityChanges(
  pairs: readonly Pick<Pair, 'base' | 'head'>[],
  onlyBase: readonly MeasuredPoint[] = [],
): readonly QualityChange[] {
  const checked = [...pairs, ...onlyBase.map(base => ({ base, head: null }))].filter(
    ({ base }) => qualityAt(base) !== undefined,
  )
  const raw = checked.map(({ base, head }) => {
    const own = head !== null && qualityAt(head) !== undefined ? head : elsewhere(pairs, base)
    return { base, head: own, ...changeOf(base, own) }
  })
  const tested = raw.filter(({ found }) => found !== null)
  const down = adjustForFalseDiscovery(tested.map(({ found }) => found?.p.down ?? 1))
  const up = adjustForFalseDiscovery(tested.map(({ found }) => found?.p.up ?? 1))
  return raw.map(one => {
    const { found, ...rest } = one
    const index = tested.indexOf(one)
    const adjustedP = found === null ? null : { down: down[index] ?? 1, up: up[index] ?? 1 }
    return {
      ...rest,
      difference: found?.difference ?? null,
      ci95: found?.ci95 ?? null,
      adjustedP,
      verdict: verdictOf(adjustedP),
    }
  })
}

/** The head's check at another load of the deployment, in case its highest valid load differs. */
function elsewhere(pairs: readonly Pick<Pair, 'base' | 'head'>[], base: MeasuredPoint): MeasuredPoint | null {
  const found = pairs.find(pair => pair.base.deployment.id === base.deployment.id && qualityAt(pair.head) !== undefined)
  return found?.head ?? null
}

/** Both directions are tested, so each gets half the level. */
function verdictOf(p: QualityChange['adjustedP']): QualityChange['verdict'] {
  if (p === null) return 'not comparable'
  if (p.down <= level / 2) return 'worse'
  return p.up <= level / 2 ? 'better' : 'no difference shown'
}

type Compared = Pick<QualityChange, 'baseAccuracy' | 'headAccuracy' | 'test' | 'why'> & {
  readonly found: ShareDifference | null
}

function changeOf(base: MeasuredPoint, head: MeasuredPoint | null): Compared {
  const [before, after] = [qualityAt(base), head === null ? undefined : qualityAt(head)]
  const [from, to] = [accuracyOf(before), accuracyOf(after)]
  const shares = { baseAccuracy: from?.share ?? null, headAccuracy: to?.share ?? null }
  const unknown = (why: string): Compared => ({ ...shares, test: null, found: null, why })
  if (before === undefined || from === null) return unknown('the accuracy of BASE is not known')
  if (after === undefined || head === null) return unknown('HEAD was not checked here')
  if (to === null) return unknown('the accuracy of HEAD is not known: too many questions were unanswered')
  const [asked, askedAgain] = [before.questions, after.questions]
  if ((asked === undefined) !== (askedAgain === undefined)) return unknown('one run asked questions, the other lm-eval')
  const load = loadLabel(head.load.level)
  const notes = [
    load === loadLabel(base.load.level) ? '' : `HEAD was checked at ${load}`,
    asked !== undefined && asked.sha256 !== askedAgain?.sha256 ? 'other questions' : '',
    asked !== undefined && asked.askedAs !== askedAgain?.askedAs ? 'asked in another way' : '',
  ]
  const why = notes.filter(note => note !== '').join('; ')
  if (asked !== undefined && askedAgain !== undefined && asked.sha256 === askedAgain.sha256) {
    const counts = pairedCounts(asked, askedAgain)
    const n = counts.both + counts.onlyFirst + counts.onlySecond + counts.neither
    if (n > 0) return { ...shares, test: 'paired', found: pairedDifference(counts), why }
  }
  const found = unpairedDifference({ hits: from.right, n: from.answered }, { hits: to.right, n: to.answered })
  return { ...shares, test: 'unpaired', found, why }
}

/** Questions with an answer in both runs. */
function pairedCounts(base: AskedQuestions, head: AskedQuestions) {
  const counts = { both: 0, onlyFirst: 0, onlySecond: 0, neither: 0 }
  for (const [place, before] of [...base.outcomes].entries()) {
    const after = head.outcomes[place]
    if (before === '?' || after === undefined || after === '?') continue
    if (before === '+') counts[after === '+' ? 'both' : 'onlyFirst']++
    else counts[after === '+' ? 'onlySecond' : 'neither']++
  }
  return counts
}
