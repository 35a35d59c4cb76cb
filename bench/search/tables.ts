import type { Compared } from './compare.ts'

const percent = (share: number) => `${(100 * share).toFixed(1)} %`
const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`

/** The tables of docs/bench/search.md. */
export function tables(compared: readonly Compared[]): string {
  return [
    row([
      'sweep',
      'deployments',
      'grid points',
      'adaptive points',
      'share',
      'grid hours',
      'adaptive hours',
      'share',
      'redeployments',
      'decision',
    ]),
    row(Array(10).fill('---')),
    ...compared.map(c =>
      row([
        c.name,
        c.deployments,
        c.grid.points,
        c.adaptive.points,
        percent(c.adaptive.points / c.grid.points),
        c.grid.hours.toFixed(2),
        c.adaptive.hours.toFixed(2),
        percent(c.adaptive.hours / c.grid.hours),
        `${c.adaptive.redeployments} of ${c.grid.redeployments}`,
        `${c.decisionMs.toFixed(1)} ms`,
      ]),
    ),
    '',
    row([
      'sweep',
      'hypervolume, adaptive',
      'random',
      'best topology, adaptive',
      'random',
      'points for 99 %, in hindsight',
    ]),
    row(Array(6).fill('---')),
    ...compared.map(c =>
      row([
        c.name,
        percent(c.adaptive.hypervolume),
        percent(c.random.hypervolume),
        `${c.adaptive.sameBest} of ${c.workloads}`,
        `${c.random.sameBest.toFixed(1)} of ${c.workloads}`,
        `${c.fewest} (${percent(c.fewest / c.grid.points)})`,
      ]),
    ),
  ].join('\n')
}
