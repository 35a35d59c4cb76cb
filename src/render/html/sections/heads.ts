import type { Comparison } from '../../../analysis/compare/comparison.ts'
import { gateText } from '../../../analysis/gates/outcome.ts'
import { noiseSentence, verdictSentence } from '../../views/comparison-words.ts'
import { change } from '../../views/format.ts'
import { cardTable, column, numbers } from '../card-table.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'

/** One of several heads of a comparison: its name, and the address of its page. */
export interface ComparedHead {
  readonly label: string
  readonly comparison: Comparison
  /** Relative path of its page; null if it has none. */
  readonly link: string | null
}

/** The result of each head against the base: verdict, gates, and a row for each figure. */
export function headsSection(base: string, heads: readonly ComparedHead[]): Html {
  const named = ({ label, link }: ComparedHead) => (link === null ? label : html`<a href="${link}">${label}</a>`)
  const workloads = [
    ...new Set(heads.flatMap(({ comparison }) => comparison.frontiers.map(({ workload }) => workload))),
  ]
  const figures = [
    ...new Set(
      heads.flatMap(({ comparison }) => comparison.points.flatMap(({ changes }) => changes.map(c => c.figure))),
    ),
  ]
  return html`<section id="heads"><h2>Against ${base}</h2>
${cardTable(
  [column('Head'), column('Verdict'), column('Gates'), column('Conditions that differ')],
  heads.map(head => {
    const { comparison } = head
    const conditions = comparison.differences.flatMap(({ kind, what }) => (kind === 'conditions' ? [what] : []))
    return {
      cells: [
        html`${named(head)}`,
        {
          shown: html`<div>${verdictSentence(comparison)} <span>${noiseSentence(comparison)}</span></div>`,
          isText: true,
        },
        {
          shown: html`<div>${comparison.gates.map(
            gate =>
              html`<span class="gate" data-gate="${gate.outcome}">${gate.outcome === 'passed' ? gateText(gate) : html`<em>${gateText(gate)}</em>`}</span>`,
          )}${comparison.gates.length === 0 ? 'none' : null}</div>`,
          isText: true,
        },
        { shown: conditions.length === 0 ? 'none' : html`<em>${conditions.join(', ')}</em>`, isText: true },
      ],
    }
  }),
)}
<h3>Each figure, over all points that both runs have</h3>
<p class="none">The median change, then the points where it is shown to be more than noise.</p>
${cardTable(
  [column('Figure'), ...heads.map(({ label }) => column(label))],
  figures.map(figure => ({
    cells: [
      figure.title,
      ...heads.map(({ comparison }) => ({ shown: changesText(comparison, figure.name), isText: true })),
    ],
  })),
)}
<h3>Area under the frontier of the matched points</h3>
<p class="none">Of all valid points, also those that miss the SLO.</p>
${cardTable(
  [column('Workload'), ...heads.map(({ label }) => numbers(label))],
  workloads.map(name => ({
    cells: [
      name,
      ...heads.map(({ comparison }) => {
        const area = comparison.frontiers.find(({ workload }) => workload === name)?.hypervolume.relative ?? null
        return area === null ? '–' : change(area)
      }),
    ],
  })),
)}</section>`
}

/** `+3.1%; slower at 2, faster at 0 of 12`. */
function changesText({ points }: Comparison, figure: string): Html {
  const changes = points.flatMap(point => point.changes.filter(of => of.figure.name === figure))
  const relatives = changes.flatMap(({ relative }) => relative ?? []).sort((a, b) => a - b)
  const middle = relatives.length >> 1
  const upper = relatives[middle]
  if (upper === undefined) return html`not comparable`
  const median = relatives.length % 2 === 1 ? upper : ((relatives[middle - 1] ?? upper) + upper) / 2
  const count = (verdict: string) => changes.filter(of => of.verdict === verdict).length
  const slower = count('slower')
  return html`<div>${change(median)}; ${slower > 0 ? html`<em>slower at ${slower}</em>` : 'slower at 0'}, faster at ${count('faster')} of ${relatives.length}</div>`
}
