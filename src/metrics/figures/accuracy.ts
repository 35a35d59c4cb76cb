import { accuracyOf } from '../quality.ts'
import type { Figure } from './figure.ts'

/** Name of the figure that quality checks determine. */
export const accuracyName = 'accuracy'

/**
 * Correct answers divided by all answers of a quality check; null without a check, or if too many questions were
 * unanswered.
 */
export const accuracy: Figure = {
  name: accuracyName,
  title: 'Accuracy',
  unit: '%',
  better: 'higher',
  of: ({ quality }) => accuracyOf(quality)?.share ?? null,
  isAsked: ({ quality }) => quality !== undefined,
  ifObserved: true,
  shownIn: ['tables'],
}
