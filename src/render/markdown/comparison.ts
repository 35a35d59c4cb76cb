import { falseDiscoveryRate, undecidedCount, verdictCounts } from '../../analysis/compare/compare.ts'
import type { ComparedPoint, Comparison } from '../../analysis/compare/comparison.ts'
import type { FigureChange } from '../../analysis/compare/figure-change.ts'
import type { FrontierGain } from '../../analysis/compare/frontier-gain.ts'
import { pointName } from '../../analysis/compare/match.ts'
import { gateText, type Outcome } from '../../analysis/gates/outcome.ts'
import {
  changeText,
  markedVerdict,
  noiseSentence,
  statusText,
  verdictSentence,
  verdictText,
} from '../views/comparison-words.ts'
import { change, counted, figure, valueText } from '../views/format.ts'
import { type FrontierLines, frontierLines } from '../views/frontier-lines.ts'
import { qualityRows } from '../views/quality.ts'
import { escapeMarkdown } from './summary.ts'

/** GitHub rejects longer comments. */
export const markdownLimit = 65_536

/**
 * A comparison as a comment on a pull request: verdict and gates, caveats, frontiers, changes, and all figures in
 * folded blocks. If it is too long, blocks are omitted from the end, with a note.
 */
export function comparisonMarkdown(comparison: Comparison, limit = markdownLimit): string {
  const blocks = [
    ...summary(comparison),
    ...environment(comparison),
    ...quality(comparison),
    ...comparison.frontiers.map(frontier),
    ...changed(comparison),
    ...undecidedOnes(comparison),
    ...(comparison.points.length === 0 ? [] : [`_${legend}._`]),
    ...missing(comparison),
    ...everything(comparison),
  ]
  return fitted(blocks, limit)
}

/** As many complete blocks as fit the limit, in characters as GitHub counts them. */
function fitted(blocks: readonly string[], limit: number): string {
  const note = '\n\n_More did not fit into a comment; the full comparison is in comparison.html and comparison.json._\n'
  let text = ''
  for (const [i, block] of blocks.entries()) {
    const next = text === '' ? block : `${text}\n\n${block}`
    const room = i === blocks.length - 1 ? limit - 1 : limit - note.length
    if (next.length > room) return `${text}${note}`
    text = next
  }
  return `${text}\n`
}

const gateMarks: { readonly [outcome in Outcome]: string } = { passed: '✅', failed: '❌', 'not tested': '⚠️' }

function summary(comparison: Comparison): string[] {
  const { base, head, gates } = comparison
  const counts = verdictCounts(comparison)
  const name = ({ manifest }: typeof base) =>
    `${escapeMarkdown(manifest.sweep)} ${escapeMarkdown(manifest.runId)}${manifest.git === null ? '' : ` at \`${manifest.git.revision.slice(0, 12)}\``}`
  const undecided = undecidedCount(comparison)
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return [
    `## Fulcrum: ${statusText(comparison)}`,
    verdictSentence(comparison),
    ...(gates.length > 0
      ? [gates.map(gate => `- ${gateMarks[gate.outcome]} ${escapeMarkdown(clipped(gateText(gate), 500))}`).join('\n')]
      : []),
    `Base: ${name(base)}. Head: ${name(head)}. Of ${counted(total, 'figure')} ${counts.faster} ${counts.faster === 1 ? 'is' : 'are'} faster, ${counts.slower} slower, ${counts['no difference shown']} without a difference shown${undecided > 0 ? ` (⚠️ ${undecided} of these are undecided)` : ''}, ${counts['not comparable']} not comparable (false-discovery rate ${falseDiscoveryRate * 100}% over ${comparison.tests} tests). ${noiseSentence(comparison)}`.trim(),
  ]
}

function environment({ differences }: Comparison): string[] {
  if (differences.length === 0) return []
  const doubtful = differences.filter(difference => difference.kind === 'conditions')
  return [
    `### ${doubtful.length > 0 ? '⚠️ The conditions differ' : 'What differs'}`,
    [
      '| | Base | Head |',
      '|---|---|---|',
      ...differences.map(
        ({ what, kind, base, head }) =>
          `| ${kind === 'conditions' ? '⚠️ ' : ''}${escapeMarkdown(what)} | ${escapeMarkdown(clipped(base))} | ${escapeMarkdown(clipped(head))} |`,
      ),
    ].join('\n'),
  ]
}

function quality(comparison: Comparison): string[] {
  if (comparison.quality.length === 0) return []
  return [
    '### Accuracy',
    [
      '| Point | Base | Head | Change (95%) | Verdict |',
      '|---|---:|---:|---:|---|',
      ...qualityRows(comparison.quality).map(
        row =>
          `| ${escapeMarkdown(row.point)} | ${row.base} | ${row.head} | ${row.change} | ${escapeMarkdown(row.verdict)} |`,
      ),
    ].join('\n'),
  ]
}

const clipped = (text: string, most = 200) => (text.length > most ? `${text.slice(0, most)}…` : text)

/** GitHub renders Mermaid, but no SVG inside a comment. Both frontiers are lines over equal steps of interactivity. */
function frontier(gain: FrontierGain): string {
  const { base, head } = gain
  const title = `### Frontier of ${escapeMarkdown(gain.workload)}`
  if (base.length === 0 || head.length === 0)
    return `${title}\n\nNo valid point on ${base.length === 0 ? 'base' : 'head'}.`
  const lines = frontierLines(gain)
  const gains = gain.atEqualInteractivity.map(
    level =>
      `| ${figure(level.at)} | ${figure(level.base)} | ${level.head === null ? 'not reached' : figure(level.head)} | ${level.head === null ? '–' : change(level.head / level.base - 1)} |`,
  )
  const area = gain.hypervolume.relative === null ? 'not defined' : change(gain.hypervolume.relative)
  return [
    title,
    `Hypervolume of the matched points: ${area}.`,
    ...(lines === null
      ? ['The frontiers have no range of tokens/s per user in common, so nothing is drawn.']
      : picture(lines)),
    [
      '<details><summary>At equal interactivity (on straight lines between measured points)</summary>',
      '',
      '| Tokens/s per user | Base tokens/s per GPU | Head | Change |',
      '|---:|---:|---:|---:|',
      ...gains,
      '',
      '</details>',
    ].join('\n'),
  ].join('\n\n')
}

const colours = { base: '#3b82f6', head: '#f97316' }

/** Colors that are readable in GitHub's light and dark themes, with squares as a legend. */
function picture({ steps, base, head, further }: FrontierLines): string[] {
  const plain = (value: number) => String(Number(value.toPrecision(4)))
  const end = further === null ? '' : ` The lines end where the first frontier ends; only ${further} continues.`
  return [
    [
      '```mermaid',
      `%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "${colours.base}, ${colours.head}"}}}}%%`,
      'xychart-beta',
      `  x-axis "Output tokens/s per user" ${plain(steps[0] ?? 0)} --> ${plain(steps.at(-1) ?? 0)}`,
      '  y-axis "Output tokens/s per GPU"',
      `  line [${base.map(plain).join(', ')}]`,
      `  line [${head.map(plain).join(', ')}]`,
      '```',
    ].join('\n'),
    `🟦 base (first line), 🟧 head (second line).${end}`,
  ]
}

/** Legend of the marks. */
const legend = `${[markedVerdict('faster'), markedVerdict('slower'), markedVerdict('no difference shown')].join(' · ')} · ⚠️ undecided: a change that matters may be hidden by noise; repeats would show it with a chance of 80% · ${markedVerdict('not comparable')}`

const header = ['| Point | Figure | Base | Head | Change (95%) | Verdict |', '|---|---|---:|---:|---:|---|']

function row(point: ComparedPoint, item: FigureChange): string {
  const why = item.undecided?.why === 'noise is unknown' ? '' : item.why
  const note = [point.note, why].filter(text => text !== '').join('; ')
  return `| ${escapeMarkdown(pointName(point.head))} | ${item.figure.title} | ${valueText(item.figure, item.base)} | ${valueText(item.figure, item.head)} | ${changeText(item)} | ${verdictText(item)}${note === '' ? '' : `: ${escapeMarkdown(clipped(note))}`} |`
}

/** Maximum undecided figures to list; those that need the fewest repeats come first. */
const mostUndecided = 10

function undecidedOnes({ points }: Comparison): string[] {
  const open = points
    .flatMap(point =>
      point.changes.flatMap(item => (item.undecided === null ? [] : [{ point, item, ...item.undecided }])),
    )
    .sort((a, b) => (a.repeats ?? 1000) - (b.repeats ?? 1000))
  if (!open.some(({ repeats }) => repeats !== null)) return []
  const rest = open.length - mostUndecided
  return [
    `<details><summary>⚠️ Undecided: ${counted(open.length, 'figure')}${rest > 0 ? ` (the ${mostUndecided} that the fewest repeats decide)` : ''}</summary>\n\n${[...header, ...open.slice(0, mostUndecided).map(({ point, item }) => row(point, item))].join('\n')}\n\n</details>`,
  ]
}

/** Shown changes, the largest first. */
function changed({ points }: Comparison): string[] {
  const shown = points
    .flatMap(point => point.changes.map(item => ({ point, item })))
    .filter(({ item }) => item.verdict === 'slower' || item.verdict === 'faster')
    .sort((a, b) => Math.abs(b.item.relative ?? 0) - Math.abs(a.item.relative ?? 0))
  if (shown.length === 0) return []
  return [
    `### Changes shown${shown.length > 30 ? ' (the 30 largest)' : ''}`,
    [...header, ...shown.slice(0, 30).map(({ point, item }) => row(point, item))].join('\n'),
  ]
}

function missing({ onlyBase, onlyHead }: Comparison): string[] {
  const list = (title: string, points: Comparison['onlyBase']) =>
    points.length === 0
      ? []
      : [
          `<details><summary>${counted(points.length, 'point')} only in ${title}</summary>\n\n${points
            .slice(0, 100)
            .map(point => `- ${escapeMarkdown(pointName(point))}`)
            .join('\n')}${points.length > 100 ? `\n- and ${points.length - 100} more` : ''}\n\n</details>`,
        ]
  return [...list('base', onlyBase), ...list('head', onlyHead)]
}

/** One folded block per workload, so that only whole workloads are omitted. */
function everything({ points }: Comparison): string[] {
  return [...Map.groupBy(points, point => point.head.workload.name)].map(([workload, alike]) =>
    [
      `<details><summary>All figures of ${escapeMarkdown(workload)}</summary>`,
      '',
      ...header,
      ...alike.flatMap(point => point.changes.map(item => row(point, item))),
      '',
      '</details>',
    ].join('\n'),
  )
}
