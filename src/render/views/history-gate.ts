import { gateText } from '../../analysis/gates/outcome.ts'
import type { HistoryGate } from '../../analysis/history/gate.ts'
import type { History } from '../../analysis/history/history.ts'
import { workflowCommand } from '../export/comparison-annotations.ts'
import { change } from './format.ts'
import { runText } from './history-table.ts'

/** Maximum breaches of a threshold to name. */
const mostNamed = 5

/** `itl_p95>5%: passed`, or where and since when it fails, or why it was not tested. */
export function historyGateText(history: History, { gate, outcome, reason, broken }: HistoryGate): string {
  if (broken.length === 0) return gateText({ gate, outcome, reason })
  const named = broken.slice(0, mostNamed).map(({ trend, relative, since }) => {
    const { workload, deployment, load } = trend.subject
    const what = deployment === 'frontier' ? workload : `${deployment}, ${workload}, ${load}`
    return `${what} ${change(relative)} since ${runText(history, since)}`
  })
  const rest = broken.length > mostNamed ? `; and ${broken.length - mostNamed} more` : ''
  return `${gate.text}: failed at ${broken.length} of its series: ${named.join('; ')}${rest}${reason === '' ? '' : `; ${reason}`}`
}

/** GitHub Actions workflow commands: an error for each gate that failed or was not tested. */
export function historyAnnotations(history: History, gates: readonly HistoryGate[]): readonly string[] {
  return gates
    .filter(({ outcome }) => outcome !== 'passed')
    .map(one => workflowCommand('error', one.gate.text, historyGateText(history, one)))
}
