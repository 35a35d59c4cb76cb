import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { exitCodes } from '../../model/error.ts'
import { interruption } from '../interruption.ts'
import { addLimitOptions, type LimitOptions, limitHelp } from '../limit-options.ts'
import { printPreview } from '../print-preview.ts'

/** `fulcrum tune FILE|RUN` */
export function addTune(program: Command): void {
  const command = program
    .command('tune')
    .argument('<file-or-run>', 'a sweep file, which is run first, or the folder of a run')
    .description('what to deploy for each workload, how sure that is, what holds it back and what to try next')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--mix <weights>', 'one deployment for workloads together, by weight: 8000/256=0.7,1000/1000=0.3')
    .option(
      '--priors <dir>',
      'begin an adaptive search with what a folder promises: aiconfigurator’s, a run, or runs; can be repeated',
      (folder: string, before: readonly string[]) => [...before, folder],
      [],
    )
    .option('--dry-run', 'print the exact commands and files of running the sweep file, and start nothing')
    .option('--json', 'print as JSON')
  addLimitOptions(command)
    .addHelpText(
      'after',
      `\nExamples:\n  $ fulcrum tune sweeps/quick.yaml\n  $ fulcrum tune results/quick/…\n  $ fulcrum tune results/nightly/… --mix 8000/256=0.7,1000/1000=0.3\n  $ fulcrum tune results/nightly/… --fail-on slo\n\nWrite search: adaptive in the sweep file to get there with fewer points.\n\n${limitHelp}`,
    )
    .action(
      async (
        target: string,
        options: LimitOptions & { out: string; mix?: string; priors: readonly string[]; json?: true; dryRun?: true },
      ) => {
        const { exitCodeWith, parseLimits } = await import('../../commands/limits.ts')
        if (options.dryRun) {
          const { planSweepFile, previewPlan } = await import('../../commands/plan.ts')
          parseLimits(options)
          printPreview(
            await previewPlan(await planSweepFile(target, { resultsRoot: options.out })),
            options.json === true,
          )
          return
        }
        const { tuneFileOrRun } = await import('../../commands/tune.ts')
        const { showProgress } = await import('../progress.ts')
        const { tuneText } = await import('../../render/terminal/tune.ts')
        using interrupted = interruption()
        using progress = showProgress(false)
        const answer = await tuneFileOrRun({
          target,
          resultsRoot: options.out,
          ...defined({ mix: options.mix }),
          priors: options.priors,
          failOn: options.failOn,
          allowLost: options.allowLost,
          signal: interrupted.signal,
          onProgress: progress.show,
        })
        progress[Symbol.dispose]()
        console.log(options.json ? JSON.stringify(answer, null, 2) : tuneText(answer))
        process.exitCode = answer.outcome?.exitCode ?? exitCodeWith(answer.limits, exitCodes.ok)
      },
    )
}
