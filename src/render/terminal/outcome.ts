import { counted, duration } from '../views/format.ts'
import type { OutcomeView } from '../views/outcome.ts'
import { frontierText } from './frontier.ts'
import { limitsText } from './limits.ts'
import { overturnText } from './tune.ts'

const endings = { complete: 'complete', interrupted: 'interrupted', budget: 'budget spent', failed: 'ended early' }

/** How a run ended: the frontier, what could overturn it, the limits, the counts, where report and run are. */
export function outcomeText({ outcome, reason, folder, elapsedS, points, report, limits, error }: OutcomeView): string {
  const parts = [`${points.ok} ok`]
  if (points.invalid > 0) parts.push(`${points.invalid} invalid`)
  if (points.failed > 0) parts.push(`${points.failed} failed`)
  if (points.missing > 0) parts.push(`${points.missing} missing`)
  if (points.skipped > 0) parts.push(`${points.skipped} left out by the search`)
  return [
    ...(report === null ? [] : [`\n${frontierText(report.frontier)}\n`]),
    ...(report?.couldOverturn ?? []).map(rivals => [`${rivals.workload}:`, ...overturnText(rivals), ''].join('\n')),
    ...(limits.length === 0 ? [] : [`${limitsText(limits)}\n`]),
    `${endings[outcome]} after ${duration(elapsedS)}: ${parts.join(', ')} of ${counted(points.planned, 'point')}`,
    ...(reason === '' ? [] : [`because: ${reason}`]),
    ...(error?.where === undefined ? [] : [`where: ${error.where}`]),
    ...(error?.remedy === undefined ? [] : [`to do: ${error.remedy}`]),
    ...(report === null ? [] : [`report: ${report.index}`]),
    `run: ${folder}${points.missing > 0 ? '  (fulcrum resume goes on with it)' : ''}`,
  ].join('\n')
}
