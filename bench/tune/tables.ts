import type { BottleneckFinding } from '../../src/analysis/tune/bottleneck.ts'
import type { KnownCase } from './cases.ts'

interface Found {
  readonly known: KnownCase
  readonly finding: BottleneckFinding
}

const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`

/** Truth against diagnosis, and every case with its first piece of evidence. */
export function tables(found: readonly Found[]): string {
  const said = [...new Set(found.flatMap(({ known, finding }) => [known.truth, finding.stage]))]
  const truths = [...new Set(found.map(({ known }) => known.truth))]
  const count = (truth: string, stage: string) =>
    found.filter(({ known, finding }) => known.truth === truth && finding.stage === stage).length
  const right = found.filter(({ known, finding }) => known.truth === finding.stage).length
  return [
    `${right} of ${found.length} right.`,
    '',
    row(['truth \\ said', ...said]),
    row(['---', ...said.map(() => '---:')]),
    ...truths.map(truth => row([truth, ...said.map(stage => count(truth, stage) || '')])),
    '',
    row(['case', 'system', 'truth, by construction', 'said', 'evidence']),
    row(Array(5).fill('---')),
    ...found.map(({ known, finding }) =>
      row([
        known.name,
        known.system,
        `${known.truth}: ${known.because}`,
        finding.stage === known.truth ? finding.stage : `**${finding.stage}**`,
        finding.evidence.join(' '),
      ]),
    ),
  ].join('\n')
}
