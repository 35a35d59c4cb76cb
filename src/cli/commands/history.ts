import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { exitCodes } from '../../model/error.ts'
import { historyText } from '../../render/terminal/history.ts'
import { wholeNumber } from '../whole-number.ts'

interface HistoryOptions {
  readonly out: string
  readonly last: number
  readonly failOn: readonly string[]
  readonly allowLost: number
  readonly to?: string
  readonly json?: true
}

/** `fulcrum history [SWEEP]` */
export function addHistory(program: Command): void {
  program
    .command('history')
    .argument('[sweep]', 'name of a sweep; the only one when left out')
    .description('trend of every key figure over the runs of a sweep, and when it changed for good')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--last <n>', 'follow the n youngest runs', wholeNumber(), 60)
    .option(
      '--fail-on <threshold>',
      'exit with 1 when a figure has left its level for good by that much ("itl_p95>5%"), the newest run is beyond a limit ("ttft_p95>2000ms") or misses its slo ("slo"), or that could not be tested; can be repeated',
      (threshold: string, before: readonly string[]) => [...before, threshold],
      [],
    )
    .option(
      '--allow-lost <n>',
      'test the gates even when up to n points that earlier runs measured have no valid result in the newest',
      wholeNumber({ from: 0 }),
      0,
    )
    .option('--to <dir>', 'write history.html, history.json and each chart (Vega-Lite, SVG) there')
    .option('--json', 'print every value and change as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum history
  $ fulcrum history nightly --last 30 --to report/
  $ fulcrum history nightly --fail-on "itl_p95>5%" --fail-on "hypervolume<-3%"
  $ fulcrum history nightly --fail-on slo --fail-on "ttft_p95>2000ms"
  $ fulcrum history nightly --json | jq '.changes[0]'

A change has to last three runs, after five or more that show how runs vary: with fewer than eight runs nothing can be shown.
--fail-on "FIGURE>N%" holds the level of now against the baseline's (the oldest without one), and fails until the figure comes back or
another run becomes the baseline. --fail-on "FIGURE>LIMIT" and slo are held against the newest run alone.
A gate is passed, failed or not tested. It is not tested, with the reason, when the newest run measured nothing valid, lost points that
the baseline (without one, earlier runs) measured, or when runs are too few. Exit codes: 0 each gate passed, 1 one failed or was not
tested, 2 bad input. In GitHub Actions, gates that fail or are not tested become annotations.`,
    )
    .action(async (sweep: string | undefined, options: HistoryOptions) => {
      const { sweepHistory } = await import('../../commands/history.ts')
      const history = await sweepHistory({
        resultsRoot: options.out,
        last: options.last,
        failOn: options.failOn,
        allowLost: options.allowLost,
        ...defined({ sweep, to: options.to }),
      })
      if (options.json) process.stdout.write(history.json)
      else console.log(historyText(history))
      // Actions reads annotations from stderr as well, so that stdout stays what was asked for.
      if (process.env.GITHUB_ACTIONS === 'true') for (const line of history.annotations) console.error(line)
      if (history.gateBroken) process.exitCode = exitCodes.pointsFailed
    })
}
