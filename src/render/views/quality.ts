import { pointName } from '../../analysis/compare/match.ts'
import type { QualityChange } from '../../analysis/compare/quality-change.ts'
import { accuracyOf, answersOf, type Quality } from '../../metrics/quality.ts'
import { counted } from './format.ts'

const percent = (share: number) => `${Number((100 * share).toPrecision(3))}%`

/** `accuracy 96.7% (88.6% to 99.1%) of 60 questions, 2 unanswered`. */
export function qualityText(quality: Quality): string {
  const accuracy = accuracyOf(quality)
  const { answered, unanswered } = answersOf(quality)
  const without = unanswered > 0 ? `, ${unanswered} unanswered` : ''
  if (accuracy === null)
    return `accuracy not known: ${unanswered} of ${counted(answered + unanswered, 'question')} unanswered`
  const [low, high] = accuracy.interval
  return `accuracy ${percent(accuracy.share)} (${percent(low)} to ${percent(high)}) of ${answered} ${answered === 1 ? 'question' : 'questions'}${without}`
}

/** A change in accuracy as formatted text. */
export interface QualityRow {
  readonly point: string
  readonly base: string
  readonly head: string
  readonly change: string
  readonly verdict: string
}

const share = (value: number | null) => (value === null ? '–' : percent(value))
const points = (value: number) => `${value > 0 ? '+' : ''}${(100 * value).toFixed(1)} pp`
const tests = { paired: 'the same questions, McNemar', unpaired: 'two proportions' }

/** Every change in accuracy in the order of the points. */
export function qualityRows(changes: readonly QualityChange[]): readonly QualityRow[] {
  return changes.map(({ base, head, baseAccuracy, headAccuracy, difference, ci95, test, verdict, why }) => ({
    point: pointName(head ?? base),
    base: share(baseAccuracy),
    head: share(headAccuracy),
    change:
      difference === null || ci95 === null ? '–' : `${points(difference)} (${points(ci95[0])} to ${points(ci95[1])})`,
    verdict: [verdict, test === null ? '' : tests[test], why].filter(text => text !== '').join('; '),
  }))
}
