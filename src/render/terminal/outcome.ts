import type { PointCounts } from '../../journal/point-counts.ts'
import { counted, duration } from '../views/format.ts'
import type { OutcomeView } from '../views/outcome.ts'
import { frontierText } from './frontier.ts'
import { limitsText } from './limits.ts'
import { overturnText } from './tune.ts'
import { countColoured } from './verdict-colour.ts'
import { wrapped } from './wrapped.ts'

const endings = { complete: 'complete', interrupted: 'interrupted', budget: 'budget spent', failed: 'ended early' }

/** The end of a run: frontier, points that could overturn it, limits, counts, and the paths of report and run. */
export function outcomeText(view: OutcomeView): string {
  const { outcome, reason, folder, elapsedS, points, report, limits, error } = view
  // The message of a failed run includes place and remedy.
  const isNews = (text: string | undefined) => text !== undefined && !reason.includes(text)
  if (view.wasComplete === true) return nothingMeasuredText(view)
  return [
    ...(report === null ? [] : [`\n${answerText(report)}\n`]),
    ...(report?.couldOverturn ?? []).map(rivals => [`${rivals.workload}:`, ...overturnText(rivals), ''].join('\n')),
    ...(limits.length === 0 ? [] : [`${limitsText(limits)}\n`]),
    `${endings[outcome]} after ${duration(elapsedS)}: ${countsText(points)}`,
    ...(reason === '' ? [] : [`because: ${reason}`]),
    ...(isNews(error?.where) ? [`where: ${error?.where}`] : []),
    ...(isNews(error?.remedy) ? [`to do: ${error?.remedy}`] : []),
    ...(report === null ? [] : [`report: ${report.index}`]),
    `run: ${folder}${points.missing > 0 ? '  (continue with: fulcrum resume)' : ''}`,
  ].join('\n')
}

/** The frontiers, followed by one sentence per workload with the recommendation. */
export function answerText({
  frontier,
  deploy,
}: Pick<NonNullable<OutcomeView['report']>, 'frontier' | 'deploy'>): string {
  const sentences = deploy.map(sentence => wrapped(sentence))
  // Embeddings have an answer without a frontier.
  if (frontier.length === 0 && sentences.length > 0) return sentences.join('\n')
  return [frontierText(frontier), ...(sentences.length === 0 ? [] : [sentences.join('\n')])].join('\n\n')
}

/** For a run that was already complete: its counts, and how to measure more. */
function nothingMeasuredText({ folder, points, report, limits }: OutcomeView): string {
  const again = [...(points.failed > 0 ? ['failed'] : []), ...(points.invalid > 0 ? ['invalid'] : [])]
  return [
    ...(limits.some(({ isGate }) => isGate) ? [`${limitsText(limits)}\n`] : []),
    `Nothing to measure: the run is complete (${countsText(points)}).`,
    again.length === 0
      ? 'to do: start a new run with `fulcrum run FILE`'
      : `to do: measure points again with \`fulcrum resume ${folder} --again ${again.join(',')}\`, or start a new run with \`fulcrum run FILE\``,
    ...(report === null ? [] : [`report: ${report.index}`]),
    `run: ${folder}`,
  ].join('\n')
}

/** `11 ok, 1 invalid of 12 points` */
function countsText(points: PointCounts): string {
  const parts = [
    `${points.ok} ok`,
    ...(points.invalid > 0 ? [countColoured(points.invalid, 'invalid')] : []),
    ...(points.failed > 0 ? [countColoured(points.failed, 'failed')] : []),
    ...(points.missing > 0 ? [`${points.missing} missing`] : []),
    ...(points.skipped > 0 ? [`${points.skipped} left out by the search`] : []),
  ]
  return `${parts.join(', ')} of ${counted(points.planned, 'point')}`
}
