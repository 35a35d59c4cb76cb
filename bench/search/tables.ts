import { type Compared, courseShares } from './compare.ts'

/** What the search is held against, each as a share of the grid's. */
const goal = { hypervolume: 0.99, recommended: 0.99, points: 0.3, hours: 0.4 }

const percent = (share: number) => `${(100 * share).toFixed(1)} %`
const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
const head = (cells: readonly string[]) => [row(cells), row(cells.map(() => '---'))]
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

/** The tables of docs/bench/search.md for one set of cases. */
export function tables(compared: readonly Compared[]): string {
  return [...caseTable(compared), '', ...courseTable(compared), '', ...summary(compared)].join('\n')
}

const pointShare = (c: Compared) => c.adaptive.points / c.grid.points
const hourShare = (c: Compared) => c.adaptive.hours / c.grid.hours

function missedOf(c: Compared): string {
  const missed = [
    c.adaptive.hypervolume < goal.hypervolume ? 'hypervolume' : [],
    c.adaptive.recommended < goal.recommended ? 'recommendation' : [],
    pointShare(c) > goal.points ? 'points' : [],
    hourShare(c) > goal.hours ? 'time' : [],
  ].flat()
  return missed.length === 0 ? 'met' : missed.join(', ')
}

function caseTable(compared: readonly Compared[]): string[] {
  return [
    ...head([
      'sweep',
      'deployments',
      'points, grid',
      'adaptive',
      'share',
      'fewest for 99 %',
      'hours, grid',
      'adaptive',
      'share',
      'redeployments',
      'hypervolume',
      'at random',
      'recommended',
      'by the grid',
      'missed',
    ]),
    ...compared.map(c =>
      row([
        c.name,
        c.deployments,
        c.grid.points,
        c.adaptive.points,
        percent(pointShare(c)),
        percent(c.fewest / c.grid.points),
        c.grid.hours.toFixed(2),
        c.adaptive.hours.toFixed(2),
        percent(hourShare(c)),
        `${c.adaptive.redeployments} of ${c.grid.redeployments}`,
        percent(c.adaptive.hypervolume),
        percent(c.random.hypervolume),
        percent(c.adaptive.recommended),
        percent(c.grid.recommended),
        missedOf(c),
      ]),
    ),
  ]
}

/** Hypervolume against points, the mean over cases. */
function courseTable(compared: readonly Compared[]): string[] {
  const ways = ['grid', 'random', 'adaptive'] as const
  return [
    ...head(['points', ...courseShares.map(percent)]),
    ...ways.map(way =>
      row([
        way === 'grid' ? 'grid, in its order' : way === 'random' ? 'at random' : 'adaptive',
        ...courseShares.map((_, i) => percent(mean(compared.map(c => c.course[way][i] ?? 0)))),
      ]),
    ),
  ]
}

function summary(compared: readonly Compared[]): string[] {
  const count = (holds: (c: Compared) => boolean) => `${compared.filter(holds).length} of ${compared.length}`
  const large = compared.filter(c => c.grid.points >= 100)
  return [
    `- all of the goal: ${count(c => missedOf(c) === 'met')}; of those with 100 points or more: ${large.filter(c => missedOf(c) === 'met').length} of ${large.length}`,
    `- 99 % of the hypervolume: ${count(c => c.adaptive.hypervolume >= goal.hypervolume)}; mean ${percent(mean(compared.map(c => c.adaptive.hypervolume)))}, worst ${percent(Math.min(...compared.map(c => c.adaptive.hypervolume)))}`,
    `- the recommendation within 1 % of the best: ${count(c => c.adaptive.recommended >= goal.recommended)} (by the grid: ${count(c => c.grid.recommended >= goal.recommended)})`,
    `- 30 % of the points: ${count(c => pointShare(c) <= goal.points)}; mean ${percent(mean(compared.map(pointShare)))}`,
    `- 40 % of the time: ${count(c => hourShare(c) <= goal.hours)}; mean ${percent(mean(compared.map(hourShare)))}`,
    `- a decision took ${mean(compared.map(c => c.decisionMs)).toFixed(1)} ms, at most ${Math.max(...compared.map(c => c.decisionMs)).toFixed(1)} ms`,
  ]
}
