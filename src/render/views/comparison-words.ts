import { fewestRuns } from '../../analysis/compare/between-runs.ts'
import { undecidedCount, verdictCounts } from '../../analysis/compare/compare.ts'
import type { Comparison } from '../../analysis/compare/comparison.ts'
import type { FigureChange, Verdict } from '../../analysis/compare/figure-change.ts'
import { lossesOf, lossSentence } from '../../analysis/compare/losses.ts'
import type { Undecided } from '../../analysis/compare/undecided.ts'
import { isStopped } from '../../analysis/gates/outcome.ts'
import { change, counted, figure } from './format.ts'

/** `+5.2% (+3.1% to +7.4%)`; `–` if values cannot be compared. */
export function changeText({ relative, ci95 }: Pick<FigureChange, 'relative' | 'ci95'>): string {
  if (relative === null) return '–'
  return ci95 === null ? change(relative) : `${change(relative)} (${change(ci95[0])} to ${change(ci95[1])})`
}

/** Why a figure is undecided, and how to decide it. */
function undecidedText({ size, repeats, why }: Undecided): string {
  const change = `a change of ${figure(100 * size)}%`
  switch (why) {
    case '':
      return `undecided: about ${counted(repeats ?? 0, 'repeat')} in each run would show ${change}`
    case 'noise is unknown':
      return 'undecided: the noise is unknown; set repeats: 3 or more'
    case 'runs differ by more':
      return `undecided: no number of repeats would show ${change}, because runs of the same build differ by more`
    case 'more than 100 repeats':
      return `undecided: it takes more than 100 repeats in each run to show ${change}`
  }
}

const verdictMarks: { readonly [verdict in Verdict]: string } = {
  slower: '🔴',
  faster: '🟢',
  'no difference shown': '⚪',
  'not comparable': '⚫',
}

/** A verdict as emoji and words. */
export const markedVerdict = (verdict: Verdict): string => `${verdictMarks[verdict]} ${verdict}`

/** A change's verdict as emoji and words, so that it never depends on color alone. */
export function verdictText({ verdict, undecided }: Pick<FigureChange, 'verdict' | 'undecided'>): string {
  return undecided === null ? markedVerdict(verdict) : `⚠️ ${undecidedText(undecided)}`
}

/** Outcome of all gates as emoji and words; without gates, the verdict. */
export function statusText(comparison: Comparison): string {
  const outcomes = comparison.gates.map(({ outcome }) => outcome)
  if (outcomes.includes('failed')) return '❌ failed'
  if (outcomes.includes('not tested')) return '⚠️ not tested'
  if (outcomes.length > 0) return '✅ passed'
  const { slower, faster } = verdictCounts(comparison)
  if (slower > 0) return '🔴 slower'
  if (faster > 0) return '🟢 faster'
  if (comparison.tests === 0) return '⚠️ not tested'
  return undecidedCount(comparison) > 0 ? '⚠️ undecided' : '⚪ no difference shown'
}

/** The comparison in one sentence, or two where the head lost points. */
export function verdictSentence(comparison: Comparison): string {
  const lost = lossSentence(lossesOf(comparison.points, comparison.onlyBase, comparison.head))
  const said = verdictOf(comparison)
  if (lost === '' || comparison.points.length === 0) return said
  return comparison.tests === 0 ? `Nothing could be compared: ${lost}.` : `${said} ${lost}.`
}

function verdictOf(comparison: Comparison): string {
  const counts = verdictCounts(comparison)
  const { points } = comparison
  if (points.length === 0) return 'The runs have no point in common, so nothing was compared.'
  if (comparison.tests === 0)
    return counts['no difference shown'] === 0
      ? `Nothing could be compared at any of ${counted(points.length, 'point')}: ${whyNothing(points)}.`
      : `No verdict on ${counted(points.length, 'point')}: without repeats, a change cannot be distinguished from noise.`
  const slower = points.filter(point => point.changes.some(({ verdict }) => verdict === 'slower')).length
  const faster = points.filter(point => point.changes.some(({ verdict }) => verdict === 'faster')).length
  const said = [
    slower > 0 ? `slower at ${slower}` : '',
    faster > 0 ? `faster at ${faster}` : '',
    counts['not comparable'] > 0 && slower + faster === 0 ? 'some not comparable' : '',
  ].filter(text => text !== '')
  if (slower + faster === 0)
    return `No difference shown at any of ${counted(points.length, 'point')}${said.length > 0 ? ` (${said.join(', ')})` : ''}.`
  return `Shown ${said.join(' and ')} of ${counted(points.length, 'point')}.`
}

/** Evidence for the verdict in one sentence; empty if nothing was tested. */
export function noiseSentence({ tests, betweenRunsKnown, noiseRuns }: Comparison): string {
  if (tests === 0) return ''
  if (betweenRunsKnown) return `Based on the noise between repeats and on how ${noiseRuns} runs of the sweep differ.`
  const runs = noiseRuns === 1 ? 'only the base is known' : `only ${noiseRuns} are known`
  return `Based only on the noise between repeats of one run. It takes ${fewestRuns} comparable runs of the sweep to know how runs differ, and ${runs}: a difference may come from the session instead of the change.`
}

/**
 * The measuring methods, if the runs used different ones; otherwise a note that each point lacks a valid result in one
 * run.
 */
function whyNothing(points: Comparison['points']): string {
  const ways = [...new Set(points.map(({ unlike }) => unlike))].filter(unlike => unlike !== '')
  return ways.length === 0
    ? 'each is invalid or failed in one of the runs'
    : `they were measured another way (${ways.join('; ')})`
}

/** Whether a gate failed or was not tested: exit code 1 of `fulcrum compare`. */
export const gateBroken = (comparison: Comparison): boolean => isStopped(comparison.gates)
