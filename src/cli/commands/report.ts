import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { frontierText } from '../../render/terminal/frontier.ts'

/** `fulcrum report [RUN]` */
export function addReport(program: Command): void {
  program
    .command('report')
    .argument('[run]', 'folder of a run; the newest one when left out')
    .description('write the report of a run again from its journal: HTML, Markdown, CSV, Vega-Lite, SVG')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--to <dir>', 'write the report there instead of into the run')
    .option('--json', 'print the frontier and the files as JSON')
    .addHelpText('after', '\nExamples:\n  $ fulcrum report\n  $ fulcrum report results/quick/… --to /tmp/report')
    .action(async (folder: string | undefined, options: { out: string; to?: string; json?: true }) => {
      const { reportRun } = await import('../../commands/report.ts')
      const report = await reportRun({
        ...defined({ folder, to: options.to }),
        resultsRoot: options.out,
      })
      if (options.json) console.log(JSON.stringify(report, null, 2))
      else console.log(`${frontierText(report.frontier)}\n\nreport: ${report.index}`)
    })
}
