import type { Comparison } from '../../analysis/compare/compare.ts'
import { pointName } from '../../analysis/compare/match.ts'
import { changeText } from './words.ts'

/** GitHub shows at most this many annotations of a step. */
const mostAnnotations = 10

/** Workflow commands for GitHub Actions: an error for each broken threshold at each point, a warning when conditions differ. */
export function githubAnnotations(comparison: Comparison): readonly string[] {
  const doubtful = comparison.differences.filter(difference => difference.kind === 'conditions')
  const broken = comparison.thresholds.flatMap(outcome =>
    outcome.broken.map(({ point, change }) =>
      workflowCommand(
        'error',
        outcome.threshold.text,
        `${pointName(point.head)}: ${change.figure.title} ${changeText(change)}`,
      ),
    ),
  )
  const warnings =
    doubtful.length === 0
      ? []
      : [
          workflowCommand(
            'warning',
            'Conditions differ',
            doubtful.map(({ what, base, head }) => `${what}: ${base} → ${head}`).join('; '),
          ),
        ]
  return [...warnings, ...broken].slice(0, mostAnnotations)
}

/** A line of output that GitHub Actions reads as an annotation. */
export function workflowCommand(kind: 'error' | 'warning', title: string, message: string): string {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
  return `::${kind} title=${property(title)}::${data(message)}`
}
