import type { Comparison, FigureChange, ThresholdOutcome } from '../../analysis/compare/compare.ts'
import { verdictCounts } from '../../analysis/compare/compare.ts'
import type { Figure } from '../../analysis/figures.ts'
import { change, figure, time } from '../format.ts'

/** A figure's value with its unit. */
export function valueText(of: Figure, value: number | null): string {
  return of.unit === 'ms' ? time(value) : figure(value)
}

/** `+5.2 % (+3.1 % to +7.4 %)`; `–` where there is nothing to compare. */
export function changeText({ relative, ci95 }: Pick<FigureChange, 'relative' | 'ci95'>): string {
  if (relative === null) return '–'
  return ci95 === null ? change(relative) : `${change(relative)} (${change(ci95[0])} to ${change(ci95[1])})`
}

/** The comparison in one sentence. */
export function verdictSentence(comparison: Comparison): string {
  const counts = verdictCounts(comparison)
  const { points } = comparison
  if (points.length === 0) return 'The runs have no point in common: nothing could be compared.'
  if (comparison.tests === 0)
    return `Nothing can be said of ${points.length} points: without repeats no change can be told from noise.`
  const slower = points.filter(point => point.changes.some(({ verdict }) => verdict === 'slower')).length
  const faster = points.filter(point => point.changes.some(({ verdict }) => verdict === 'faster')).length
  const said = [
    slower > 0 ? `slower at ${slower}` : '',
    faster > 0 ? `faster at ${faster}` : '',
    counts['not comparable'] > 0 && slower + faster === 0 ? 'some not comparable' : '',
  ].filter(text => text !== '')
  if (slower + faster === 0)
    return `No difference shown at any of ${points.length} points${said.length > 0 ? ` (${said.join(', ')})` : ''}.`
  return `Shown ${said.join(' and ')} of ${points.length} points.`
}

/** Whether a threshold held, in words. */
export function thresholdText({ threshold, broken, beyondButNotShown }: ThresholdOutcome): string {
  const quiet = beyondButNotShown > 0 ? `; ${beyondButNotShown} more beyond it are not shown to be more than noise` : ''
  return broken.length === 0
    ? `${threshold.text}: holds${quiet}`
    : `${threshold.text}: broken at ${broken.length} points${quiet}`
}

/** Exit code 1 of `fulcrum compare` is this. */
export function gateBroken(comparison: Comparison): boolean {
  return comparison.thresholds.some(outcome => outcome.broken.length > 0)
}
