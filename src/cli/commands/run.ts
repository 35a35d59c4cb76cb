import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { addDownload, downloadIfAsked } from '../download-tokenizer.ts'
import { exitCodesHelp } from '../exit-codes-help.ts'
import { interruption } from '../interruption.ts'
import { addLimitOptions, type LimitOptions, limitHelp } from '../limit-options.ts'
import { addAllowPoints, addOpen, addOut, addShards, openIfAsked, repeated } from '../options.ts'
import { printPreview } from '../print-preview.ts'

interface RunOptions extends LimitOptions {
  readonly out: string
  readonly new?: true
  readonly only?: readonly string[]
  readonly json?: true
  readonly open?: true
  readonly downloadTokenizer?: true
  readonly dryRun?: true
  readonly allowPoints?: number
  readonly shards?: number
  readonly endLeftovers?: true
}

/** `fulcrum run FILE` */
export function addRun(program: Command): void {
  const command = program
    .command('run')
    .argument('<file>', 'Sweep file')
    .description('Measure the missing points of a sweep, redeploying as needed, and write the report')
    .option('--new', 'Start a new run even if an unfinished run of this sweep exists')
    .option(
      '--only <id>',
      'Measure only the point with this ID, or all points of a variant, in a new run (repeatable)',
      repeated,
    )
    .option('--dry-run', 'Print the exact commands and files of each deployment without starting anything')
    .option('--end-leftovers', 'End processes that a killed Fulcrum left behind, without asking')
    .option('--json', 'Print one JSON object per line: progress, then the outcome')
  addLimitOptions(addDownload(addAllowPoints(addShards(addOpen(addOut(command))))))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum run sweeps/quick.yaml
  $ fulcrum run sweeps/dynamo-mocker.yaml --dry-run
  $ fulcrum run sweeps/quick.yaml --only fc5ad1e8df05
  $ fulcrum run nightly.yaml --fail-on slo --fail-on "itl_p95>50ms"
  $ fulcrum run nightly.yaml --out /data/results --json > progress.jsonl

An unfinished run of the same sweep continues where its journal ends. Ctrl-C
drops the point in flight and stops everything that Fulcrum started.

${limitHelp}

${exitCodesHelp()}`,
    )
    .action(async (file: string, options: RunOptions) => {
      await downloadIfAsked(options.downloadTokenizer, file)
      if (options.dryRun) {
        const { parseLimits } = await import('../../commands/limits.ts')
        const { planSweepFile, previewPlan } = await import('../../commands/plan.ts')
        parseLimits(options)
        const plan = await planSweepFile(file, { resultsRoot: options.out, ...options })
        for (const warning of plan.sweep.warnings) process.stderr.write(`warning: ${warning}\n`)
        printPreview(await previewPlan(plan), options.json === true)
        return
      }
      const { runSweepFile } = await import('../../commands/run.ts')
      const { nameLeftovers } = await import('../name-leftovers.ts')
      const { showProgress } = await import('../progress.ts')
      const { printOutcome } = await import('../print-outcome.ts')
      using interrupted = interruption()
      await nameLeftovers(options.endLeftovers === true, options.json === true, interrupted.signal)
      using progress = await showProgress(options.json === true)
      const outcome = await runSweepFile({
        file,
        resultsRoot: options.out,
        startNew: options.new === true,
        failOn: options.failOn ?? [],
        allowLost: options.allowLost,
        signal: interrupted.signal,
        onProgress: progress.show,
        onNote: note => process.stderr.write(`${note}\n`),
        ...defined({ only: options.only, shards: options.shards, allowPoints: options.allowPoints }),
      })
      progress[Symbol.dispose]()
      printOutcome(outcome, options.json === true)
      process.exitCode = outcome.exitCode
      await openIfAsked(options.open, outcome.report?.index)
    })
}
