import type { HistoryThreshold } from '../../analysis/history/gate.ts'
import type { History } from '../../analysis/history/history.ts'
import { workflowCommand } from '../comparison/annotations.ts'
import { change } from '../format.ts'
import { runText } from './table.ts'

/** Where a threshold is broken, in words. */
const mostNamed = 5

/** `itl_p95>5%: holds`, or where and since when it is broken. */
export function historyGateText(history: History, { threshold, broken }: HistoryThreshold): string {
  if (broken.length === 0) return `${threshold.text}: holds`
  const named = broken.slice(0, mostNamed).map(({ trend, relative, since }) => {
    const { workload, deployment, load } = trend.subject
    const what = deployment === 'frontier' ? workload : `${deployment}, ${workload}, ${load}`
    return `${what} ${change(relative)} since ${runText(history, since)}`
  })
  const rest = broken.length > mostNamed ? `; and ${broken.length - mostNamed} more` : ''
  return `${threshold.text}: broken at ${broken.length} of its series: ${named.join('; ')}${rest}`
}

/** Workflow commands for GitHub Actions: an error for each broken threshold. */
export function historyAnnotations(history: History, gates: readonly HistoryThreshold[]): readonly string[] {
  return gates
    .filter(({ broken }) => broken.length > 0)
    .map(gate => workflowCommand('error', gate.threshold.text, historyGateText(history, gate)))
}
