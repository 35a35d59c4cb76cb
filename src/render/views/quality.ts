import { accuracyOf, answersOf, type Quality } from '../../metrics/quality.ts'

const percent = (share: number) => `${Number((100 * share).toPrecision(3))}%`

/** `accuracy 96.7% (88.6% to 99.1%) of 60 questions, 2 unanswered`. */
export function qualityText(quality: Quality): string {
  const accuracy = accuracyOf(quality)
  const { answered, unanswered } = answersOf(quality)
  const without = unanswered > 0 ? `, ${unanswered} unanswered` : ''
  if (accuracy === null) return `accuracy not known: ${unanswered} of ${answered + unanswered} questions unanswered`
  const [low, high] = accuracy.interval
  return `accuracy ${percent(accuracy.share)} (${percent(low)} to ${percent(high)}) of ${answered} ${answered === 1 ? 'question' : 'questions'}${without}`
}
