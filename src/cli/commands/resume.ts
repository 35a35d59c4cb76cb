import { type Command, InvalidArgumentError } from 'commander'
import { type Again, againStatuses } from '../../commands/again.ts'
import { defined } from '../../model/defined.ts'
import { exitCodesHelp } from '../exit-codes-help.ts'
import { interruption } from '../interruption.ts'
import { addLimitOptions, type LimitOptions, limitHelp } from '../limit-options.ts'
import { addOpen, addOut, addShards, openIfAsked } from '../options.ts'
import { printPreview } from '../print-preview.ts'

/** `fulcrum resume [RUN]` */
export function addResume(program: Command): void {
  const command = program
    .command('resume')
    .argument('[run]', 'Folder or ID of a run (default: the newest unfinished run)')
    .description('Continue an unfinished run with the sweep file that it started with')
    .option(
      '--again <statuses>',
      'Also measure points with these statuses again: failed, invalid, or failed,invalid',
      statusesOf,
    )
    .option(
      '--accept-revision',
      'Continue even if the git revision or the Fulcrum version has changed since the run started',
    )
    .option('--end-leftovers', 'End processes that a killed Fulcrum left behind, without asking')
    .option('--dry-run', 'Print the exact commands and files of the missing points without starting anything')
    .option('--json', 'Print one JSON object per line: progress, then the outcome')
  addLimitOptions(addShards(addOpen(addOut(command))))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum resume
  $ fulcrum resume results/quick/20261124T230000Z-1a2b3c
  $ fulcrum resume --again failed,invalid
  $ fulcrum resume --fail-on slo

With --again and no folder, the newest run continues, finished or not.

${limitHelp}

${exitCodesHelp()}`,
    )
    .action(
      async (
        folder: string | undefined,
        options: LimitOptions & {
          out: string
          json?: true
          open?: true
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
        using progress = await showProgress(options.json === true)
        const outcome = await resumeRun({
          ...choice,
          failOn: options.failOn ?? [],
          allowLost: options.allowLost,
          ...defined({ shards: options.shards }),
          signal: interrupted.signal,
          onProgress: progress.show,
          onNote: note => process.stderr.write(`${note}\n`),
        })
        progress[Symbol.dispose]()
        printOutcome(outcome, options.json === true)
        process.exitCode = outcome.exitCode
        await openIfAsked(options.open, outcome.report?.index)
      },
    )
}

function statusesOf(text: string): Again[] {
  return text.split(',').map(word => {
    const status = againStatuses.find(known => known === word.trim())
    if (status === undefined)
      throw new InvalidArgumentError(`Use ${againStatuses.join(', ')}, or ${againStatuses.join(',')}.`)
    return status
  })
}
