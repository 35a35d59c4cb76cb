import type { ReportedLimit } from '../views/limits.ts'
import { verdictColoured } from './verdict-colour.ts'
import { wrapped } from './wrapped.ts'

const marks = { passed: '✓', failed: '✗', 'not tested': '?' } as const

/** ✓ or ✗ for each limit and workload; `?` with the reason if it was not tested. */
export function limitsText(limits: readonly ReportedLimit[]): string {
  return limits
    .map(({ limit, isGate, outcome, reason, workloads }) => {
      const told = workloads.map(
        one =>
          `${verdictColoured(marks[one.outcome])} ${one.workload}: ${one.outcome === 'not tested' ? 'not tested: ' : ''}${one.said}`,
      )
      const isSaid = workloads.some(one => one.outcome === outcome)
      return [
        `${limit}${isGate ? `: ${outcome}` : ' (not a gate; add --fail-on slo to make it one)'}`,
        ...told.map(line => wrapped(`  ${line}`)),
        ...(isSaid ? [] : [wrapped(`  ${verdictColoured(marks[outcome])} ${outcome}: ${reason}`)]),
      ].join('\n')
    })
    .join('\n')
}
