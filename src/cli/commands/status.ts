import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { problemsText } from '../../render/terminal/problems.ts'
import { duration } from '../../render/views/format.ts'

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
      if (options.json) {
        console.log(JSON.stringify(status, null, 2))
        return
      }
      const { ok, invalid, failed, missing, skipped } = status.points
      console.log(`${status.sweep}: ${status.state}, started ${status.startedAt}`)
      console.log(
        `points: ${ok} ok, ${invalid} invalid, ${failed} failed, ${missing} missing${skipped > 0 ? `, ${skipped} left out by the search` : ''} of ${status.points.planned}`,
      )
      console.log(
        `redeployments: ${status.redeployments}, worker starts: ${status.workersStarted}; last event ${duration(status.sinceLastEventS)} ago`,
      )
      for (const { reason, points } of status.leftOut) console.log(`  ${points} left out: ${reason}`)
      if (status.holder !== null) console.log(`running as process ${status.holder}`)
      if (status.problems.length > 0) console.log(problemsText(status.problems))
      console.log(status.folder)
    })
}
