import type { Comparison } from '../../analysis/compare/comparison.ts'
import { gateText } from '../../analysis/gates/outcome.ts'
import { changeText } from '../views/comparison-words.ts'

/** Maximum number of annotations that GitHub shows for a step. */
const mostAnnotations = 10

/**
 * Workflow commands for GitHub Actions: an error for each gate that was not tested and each point at which one failed,
 * a warning when conditions differ.
 */
export function githubAnnotations(comparison: Comparison): readonly string[] {
  const doubtful = comparison.differences.filter(difference => difference.kind === 'conditions')
  const failed = comparison.gates.flatMap(({ gate, cases }) =>
    cases
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ name, message, change }) =>
        workflowCommand(
          'error',
          gate.text,
          `${name}: ${change === undefined ? message : `${change.figure.title} ${changeText(change)}`}`,
        ),
      ),
  )
  const untested = comparison.gates
    .filter(({ outcome }) => outcome === 'not tested')
    .map(outcome => workflowCommand('error', outcome.gate.text, gateText(outcome)))
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
  return [...warnings, ...untested, ...failed].slice(0, mostAnnotations)
}

/** A line of output that GitHub Actions turns into an annotation. */
export function workflowCommand(kind: 'error' | 'warning', title: string, message: string): string {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
  return `::${kind} title=${property(title)}::${data(message)}`
}
