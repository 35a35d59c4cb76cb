import { verdictCounts } from '../../analysis/compare/compare.ts'
import type { Comparison } from '../../analysis/compare/comparison.ts'
import { beyondButNotShown } from '../../analysis/compare/gate.ts'
import { pointName } from '../../analysis/compare/match.ts'
import type { GateCase } from '../../analysis/gates/outcome.ts'
import { loadLabel } from '../../analysis/load-label.ts'
import { gateBroken, noiseSentence, verdictSentence } from '../views/comparison-words.ts'

const named = (cases: readonly GateCase[], asked: GateCase['outcome']) =>
  cases.filter(({ outcome }) => outcome === asked).map(({ name }) => name)

/** The comparison as JSON: figures by their names in points.csv, changes as fractions. */
export function comparisonJson(comparison: Comparison): string {
  const { base, head } = comparison
  const run = ({ manifest }: typeof base) => ({ sweep: manifest.sweep, run: manifest.runId, git: manifest.git })
  return `${JSON.stringify(
    {
      schema: 1,
      verdict: verdictSentence(comparison),
      gateBroken: gateBroken(comparison),
      base: run(base),
      head: run(head),
      counts: verdictCounts(comparison),
      tests: comparison.tests,
      slowerPoints: comparison.points.filter(({ changes }) => changes.some(({ verdict }) => verdict === 'slower'))
        .length,
      noise: {
        betweenRuns: comparison.betweenRunsKnown,
        noiseRuns: comparison.noiseRuns,
        sentence: noiseSentence(comparison),
      },
      differences: comparison.differences,
      thresholds: comparison.gates.map(({ gate, outcome, reason, cases }) => ({
        threshold: gate.text,
        outcome,
        reason,
        broken: named(cases, 'failed'),
        notTested: named(cases, 'not tested'),
        beyondButNotShown: gate.kind === 'change' ? beyondButNotShown(gate, comparison.points) : 0,
      })),
      quality: comparison.quality.map(({ base: before, head: after, ...change }) => ({
        point: pointName(after ?? before),
        ...change,
      })),
      frontiers: comparison.frontiers,
      points: comparison.points.map(point => ({
        deployment: point.head.label,
        workload: point.head.workload.name,
        load: loadLabel(point.head.load.level),
        basePointIds: point.base.repeats.map(repeat => repeat.point.id),
        headPointIds: point.head.repeats.map(repeat => repeat.point.id),
        note: point.note,
        unlike: point.unlike,
        changes: point.changes.map(({ figure, ...change }) => ({ figure: figure.name, ...change })),
      })),
      onlyBase: comparison.onlyBase.map(pointName),
      onlyHead: comparison.onlyHead.map(pointName),
    },
    null,
    2,
  )}\n`
}
