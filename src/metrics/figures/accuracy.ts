import { accuracyOf } from '../quality.ts'
import type { Figure } from './figure.ts'

/** Name of the figure that a check of quality finds. */
export const accuracyName = 'accuracy'

/** Right answers over all answers of a check of quality; null where none was made or too much went unanswered. */
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
