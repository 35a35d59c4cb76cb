import { availableParallelism, loadavg } from 'node:os'
import { type Estimate, estimateOf } from '../../src/analysis/estimate.ts'

/** A line of the table: what it shows, and with how many digits. */
export type Row<Seen> = readonly [what: string, digits: number, of: (seen: Seen) => number]

/**
 * Measures with something and without it, in the order on, off, off, on, after one measurement that does not count.
 * @returns a Markdown table with the mean of each side and of the differences within blocks, with 95% intervals
 */
export async function alternating<Seen>(
  blocks: number,
  what: string,
  measured: (isOn: boolean) => Promise<Seen>,
  rows: readonly Row<Seen>[],
): Promise<string> {
  const loadBefore = loadavg()[0] ?? 0
  // Neither side starts cold.
  await measured(true)
  const [on, off]: [Seen[], Seen[]] = [[], []]
  for (let block = 0; block < blocks; block++) {
    for (const isOn of [true, false, false, true]) (isOn ? on : off).push(await measured(isOn))
    console.error(`block ${block + 1} of ${blocks}`)
  }
  const line = ([name, digits, of]: Row<Seen>): string => {
    const mean = (all: readonly Seen[]) => all.reduce((sum, seen) => sum + of(seen), 0) / all.length
    const differences = Array.from(
      { length: blocks },
      (_, i) => mean(on.slice(2 * i, 2 * i + 2)) - mean(off.slice(2 * i, 2 * i + 2)),
    )
    const cells = [on.map(of), off.map(of), differences].map(values => text(estimateOf(values), digits))
    return `| ${[name, ...cells].join(' | ')} |`
  }
  const load = `load average ${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after`
  return [
    `| | with ${what} | without | difference within blocks |`,
    '|---|---|---|---|',
    ...rows.map(line),
    '',
    `${on.length} measurements each; ${availableParallelism()} cores, ${load}, Node ${process.versions.node}.`,
  ].join('\n')
}

function text(estimate: Estimate | null, digits: number): string {
  if (estimate === null) return 'unknown'
  const { mean, ci95 } = estimate
  return `${mean.toFixed(digits)}${ci95 === null ? '' : ` ± ${(ci95[1] - mean).toFixed(digits)}`}`
}
