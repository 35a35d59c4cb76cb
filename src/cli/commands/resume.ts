import { type Command, InvalidArgumentError } from 'commander'
import { type Again, againStatuses } from '../../commands/again.ts'
import { defined } from '../../model/defined.ts'
import { interruption } from '../interruption.ts'
import { addLimitOptions, type LimitOptions, limitHelp } from '../limit-options.ts'
import { printPreview } from '../print-preview.ts'
import { wholeNumber } from '../whole-number.ts'

/** `fulcrum resume [RUN]` */
export function addResume(program: Command): void {
  const command = program
    .command('resume')
    .argument('[run]', 'folder of a run; the newest unfinished one when left out')
    .description('go on with an unfinished run, from the sweep file as it was when the run began')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--again <statuses>', 'measure points once more that are failed, invalid or failed,invalid', statusesOf)
    .option(
      '--accept-revision',
      'continue even if the git revision or the Fulcrum version has changed since the run began',
    )
    .option('--end-leftovers', 'end processes that a killed Fulcrum left behind, without asking')
    .option('--dry-run', 'print the exact commands and files of what is still to measure, and start nothing')
    .option('--shards <n>', 'split the load of each point over n processes (see generator.shards)', wholeNumber())
    .option('--json', 'one JSON object a line: progress, then the outcome')
  addLimitOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum resume
  $ fulcrum resume results/quick/20261124T230000Z-1a2b3c
  $ fulcrum resume --again failed,invalid      # the newest run, once the cause is fixed
  $ fulcrum resume --fail-on slo

${limitHelp}`,
    )
    .action(
      async (
        folder: string | undefined,
        options: LimitOptions & {
          out: string
          json?: true
          dryRun?: true
          endLeftovers?: true
          acceptRevision?: true
          shards?: number
          again?: Again[]
        },
      ) => {
        const { again } = options
        const choice = {
          ...defined({ folder, again, acceptRevision: options.acceptRevision }),
          resultsRoot: options.out,
        }
        if (options.dryRun) {
          const { parseLimits } = await import('../../commands/limits.ts')
          const { planToResume } = await import('../../commands/resume.ts')
          const { previewPlan } = await import('../../commands/plan.ts')
          parseLimits(options)
          printPreview(await previewPlan(await planToResume(choice)), options.json === true)
          return
        }
        const { resumeRun } = await import('../../commands/resume.ts')
        const { nameLeftovers } = await import('../name-leftovers.ts')
        const { showProgress } = await import('../progress.ts')
        const { printOutcome } = await import('../print-outcome.ts')
        using interrupted = interruption()
        await nameLeftovers(options.endLeftovers === true, options.json === true, interrupted.signal)
        using progress = showProgress(options.json === true)
        const outcome = await resumeRun({
          ...choice,
          failOn: options.failOn,
          allowLost: options.allowLost,
          ...defined({ shards: options.shards }),
          signal: interrupted.signal,
          onProgress: progress.show,
          onNote: note => process.stderr.write(`${note}\n`),
        })
        progress[Symbol.dispose]()
        printOutcome(outcome, options.json === true)
        process.exitCode = outcome.exitCode
      },
    )
}

function statusesOf(text: string): Again[] {
  return text.split(',').map(word => {
    const status = againStatuses.find(known => known === word.trim())
    if (status === undefined) throw new InvalidArgumentError(`Write ${againStatuses.join(', ')}, or both with a comma.`)
    return status
  })
}
