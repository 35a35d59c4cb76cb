import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { exitCodes } from '../../model/exit-codes.ts'
import { historyText } from '../../render/terminal/history.ts'
import { ciLinks, repositoryOption } from '../ci-links.ts'
import { addOpen, addOut, openIfAsked, repeated } from '../options.ts'
import { wholeNumber } from '../whole-number.ts'

interface HistoryOptions {
  readonly out: string
  readonly last: number
  readonly failOn?: readonly string[]
  readonly allowLost: number
  readonly to?: string
  readonly repositoryUrl?: string
  readonly json?: true
  readonly open?: true
}

/** `fulcrum history [SWEEP]` */
export function addHistory(program: Command): void {
  const command = program
    .command('history')
    .argument('[sweep]', 'Name of a sweep (default: the only one)')
    .description('Show the trend and the lasting changes of each key figure across the runs of a sweep')
    .option('--last <n>', 'Read the newest n runs', wholeNumber(), 60)
    .option(
      '--fail-on <gate>',
      'Exit with code 1 if the gate fails or cannot be tested: "itl_p95>5%", "ttft_p95>2000ms" or "slo" (repeatable)',
      repeated,
    )
    .option(
      '--allow-lost <n>',
      'Test gates even if up to n points of earlier runs have no valid result in the newest run',
      wholeNumber({ from: 0 }),
      0,
    )
    .option('--to <dir>', 'Folder for history.html, history.json and the charts (Vega-Lite, SVG)')
    .option(...repositoryOption)
    .option('--json', 'Print every value and change as JSON')
  addOpen(addOut(command))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum history
  $ fulcrum history nightly --last 30 --to report/
  $ fulcrum history nightly --fail-on "itl_p95>5%" --fail-on "hypervolume<-3%"
  $ fulcrum history nightly --fail-on slo --fail-on "ttft_p95>2000ms"
  $ fulcrum history nightly --json | jq '.changes[0]'

A change counts once it lasts for three runs, after at least five runs that
show how much runs vary. With fewer than eight runs, no change is shown.

Gates (--fail-on) have three forms:
  FIGURE>N%, FIGURE<-N%  Compares the current level with the level of the
                         baseline, or of the oldest run without one. Fails
                         until the figure recovers or the baseline changes.
  FIGURE>LIMIT           Fails if a point of the newest run is beyond the limit.
  slo                    Fails if a workload of the newest run misses its SLO.

A gate is passed, failed or not tested. It is not tested, and the reason is
printed, if the newest run has no valid result or lost points that the
baseline (or earlier runs) measured, or if there are too few runs. Exit codes:
0 every gate passed, 1 a gate failed or was not tested, 2 bad input.

In GitHub Actions, gates that failed or were not tested become annotations.`,
    )
    .action(async (sweep: string | undefined, options: HistoryOptions) => {
      if (options.open && options.to === undefined) command.error('error: --open needs --to DIR')
      const { sweepHistory } = await import('../../commands/history.ts')
      const history = await sweepHistory({
        resultsRoot: options.out,
        last: options.last,
        failOn: options.failOn ?? [],
        allowLost: options.allowLost,
        ...defined({ sweep, to: options.to, repository: options.repositoryUrl ?? ciLinks(process.env).repository }),
      })
      if (options.json) process.stdout.write(history.json)
      else console.log(historyText(history))
      // GitHub Actions reads annotations from stderr as well, so stdout contains only the history.
      if (process.env.GITHUB_ACTIONS === 'true') for (const line of history.annotations) console.error(line)
      if (history.gateBroken) process.exitCode = exitCodes.pointsFailed
      await openIfAsked(options.open, history.page)
    })
}
