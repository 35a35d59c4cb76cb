import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { answerText } from '../../render/terminal/outcome.ts'
import { jsonText } from '../json-text.ts'
import { addOpen, addOut, openIfAsked, runArgument } from '../options.ts'

/** `fulcrum report [RUN]` */
export function addReport(program: Command): void {
  const command = program
    .command('report')
    .argument(...runArgument)
    .description('Rebuild the report of a run from its journal: HTML, Markdown, CSV, Vega-Lite and SVG')
    .option('--to <dir>', 'Folder for the report (default: report/ in the run)')
    .option('--json', 'Print the frontier and the written files as JSON')
  addOpen(addOut(command))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum report
  $ fulcrum report results/quick/20261124T230000Z-1a2b3c --to /tmp/report`,
    )
    .action(async (folder: string | undefined, options: { out: string; to?: string; json?: true; open?: true }) => {
      const { reportRun } = await import('../../commands/report.ts')
      const report = await reportRun({
        ...defined({ folder, to: options.to }),
        resultsRoot: options.out,
      })
      if (options.json) console.log(jsonText(report, 2))
      else console.log(`${answerText(report)}\n\nreport: ${report.index}`)
      await openIfAsked(options.open, report.index)
    })
}
