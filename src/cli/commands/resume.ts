import type { Command } from 'commander'
import { planToResume, previewPlan, resumeRun } from '../../index.ts'
import { interruption } from '../interruption.ts'
import { nameLeftovers } from '../name-leftovers.ts'
import { printOutcome } from '../outcome-text.ts'
import { printPreview } from '../preview-text.ts'
import { showProgress } from '../progress.ts'

/** `fulcrum resume [RUN]` */
export function addResume(program: Command): void {
  program
    .command('resume')
    .argument('[run]', 'folder of a run; the newest unfinished one when left out')
    .description('go on with an unfinished run, from the sweep file as it was when the run began')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--end-leftovers', 'end processes that a killed Fulcrum left behind, without asking')
    .option('--dry-run', 'print the exact commands and files of what is still to measure, and start nothing')
    .option('--shards <n>', 'split the load of each point over n processes (see generator.shards)', Number)
    .option('--json', 'one JSON object a line: progress, then the outcome')
    .addHelpText(
      'after',
      '\nExamples:\n  $ fulcrum resume\n  $ fulcrum resume results/quick/2026-11-24T23-00-00-1a2b3c',
    )
    .action(
      async (
        folder: string | undefined,
        options: { out: string; json?: true; dryRun?: true; endLeftovers?: true; shards?: number },
      ) => {
        const choice = { ...(folder === undefined ? {} : { folder }), resultsRoot: options.out }
        if (options.dryRun) {
          printPreview(await previewPlan(await planToResume(choice)), options.json === true)
          return
        }
        using interrupted = interruption()
        await nameLeftovers(options.endLeftovers === true, options.json === true, interrupted.signal)
        using progress = showProgress(options.json === true)
        const outcome = await resumeRun({
          ...choice,
          ...(options.shards === undefined ? {} : { shards: options.shards }),
          signal: interrupted.signal,
          onProgress: progress.show,
        })
        progress[Symbol.dispose]()
        printOutcome(outcome, options.json === true)
        process.exitCode = outcome.exitCode
      },
    )
}
