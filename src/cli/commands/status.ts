import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { statusText } from '../../render/terminal/status.ts'

/** `fulcrum status [RUN]` */
export function addStatus(program: Command): void {
  program
    .command('status')
    .argument('[run]', 'folder of a run; the newest one when left out')
    .description('how a run stands: points done, invalid, failed, missing')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--watch', 'go on showing it until no process holds the run')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ fulcrum status\n  $ fulcrum status --watch\n  $ fulcrum status results/quick/… --json',
    )
    .action(async (folder: string | undefined, options: { out: string; json?: true; watch?: true }) => {
      if (options.watch) {
        const { watchStatus } = await import('../watch-status.ts')
        await watchStatus({ ...defined({ folder }), resultsRoot: options.out }, options.json === true)
        return
      }
      const { runStatus } = await import('../../commands/status.ts')
      const status = await runStatus({ ...defined({ folder }), resultsRoot: options.out })
      console.log(options.json ? JSON.stringify(status, null, 2) : statusText(status))
    })
}
