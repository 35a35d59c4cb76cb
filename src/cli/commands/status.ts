import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { statusText } from '../../render/terminal/status.ts'
import { jsonText } from '../json-text.ts'
import { addOut, runArgument } from '../options.ts'

/** `fulcrum status [RUN]` */
export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .argument(...runArgument)
    .description('Show the progress of a run: points that are ok, invalid, failed and missing, and the point in flight')
    .option('--watch', 'Keep showing the status until the run ends, with live figures once a second')
    .option('--json', 'Print JSON')
  addOut(command)
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum status
  $ fulcrum status --watch
  $ fulcrum status results/quick/20261124T230000Z-1a2b3c --json`,
    )
    .action(async (folder: string | undefined, options: { out: string; json?: true; watch?: true }) => {
      if (options.watch) {
        const { watchStatus } = await import('../watch-status.ts')
        await watchStatus({ ...defined({ folder }), resultsRoot: options.out }, options.json === true)
        return
      }
      const { runStatus } = await import('../../commands/status.ts')
      const status = await runStatus({ ...defined({ folder }), resultsRoot: options.out })
      console.log(options.json ? jsonText(status, 2) : statusText(status))
    })
}
