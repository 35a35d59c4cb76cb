import type { ReportedOutcome } from '../../commands/execute.ts'
import { frontierText } from '../../render/terminal/frontier.ts'
import { duration } from '../../render/terminal/table.ts'
import { limitsText } from './limits.ts'
import { overturnText } from './tune.ts'

/** Prints how a run ended: the frontier, the counts, where the report is. */
export function printOutcome(outcome: ReportedOutcome, json: boolean): void {
  if (json) {
    const { error, ...rest } = outcome
    const described =
      error === undefined
        ? {}
        : { error: { code: error.code, message: error.message, where: error.where, remedy: error.remedy } }
    console.log(JSON.stringify({ type: 'outcome', ...rest, ...described }))
    return
  }
  const { points, report, error } = outcome
  if (report !== null) console.log(`\n${frontierText(report.frontier)}\n`)
  for (const rivals of report?.couldOverturn ?? [])
    console.log([`${rivals.workload}:`, ...overturnText(rivals), ''].join('\n'))
  if (outcome.limits.length > 0) console.log(`${limitsText(outcome.limits)}\n`)
  const parts = [`${points.ok} ok`]
  if (points.invalid > 0) parts.push(`${points.invalid} invalid`)
  if (points.failed > 0) parts.push(`${points.failed} failed`)
  if (points.missing > 0) parts.push(`${points.missing} missing`)
  if (points.skipped > 0) parts.push(`${points.skipped} left out by the search`)
  const ending = { complete: 'complete', interrupted: 'interrupted', budget: 'budget spent', failed: 'ended early' }[
    outcome.outcome
  ]
  console.log(`${ending} after ${duration(outcome.elapsedS)}: ${parts.join(', ')} of ${points.planned} points`)
  if (outcome.reason !== '') console.log(`because: ${outcome.reason}`)
  if (error?.where !== undefined) console.log(`where: ${error.where}`)
  if (error?.remedy !== undefined) console.log(`to do: ${error.remedy}`)
  if (report !== null) console.log(`report: ${report.index}`)
  console.log(`run: ${outcome.folder}${points.missing > 0 ? '  (fulcrum resume goes on with it)' : ''}`)
}
