import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { interruption } from '../interruption.ts'
import { addLimitOptions, type LimitOptions, limitHelp } from '../limit-options.ts'
import { printPreview } from '../print-preview.ts'
import { wholeNumber } from '../whole-number.ts'

interface RunOptions extends LimitOptions {
  readonly out: string
  readonly new?: true
  readonly only?: readonly string[]
  readonly json?: true
  readonly dryRun?: true
  readonly allowPoints?: number
  readonly shards?: number
  readonly endLeftovers?: true
}

/** `fulcrum run FILE` */
export function addRun(program: Command): void {
  const command = program
    .command('run')
    .argument('<file>', 'sweep file')
    .description('measure what is missing, redeploying as it goes, and write the report')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--new', 'begin a new run even when an unfinished one of the same sweep is there')
    .option(
      '--only <id>',
      'measure just this point of the plan, in a new run; can be repeated',
      (id: string, before: readonly string[] | undefined) => [...(before ?? []), id],
    )
    .option('--dry-run', 'print the exact commands and files of each deployment, and start nothing')
    .option('--end-leftovers', 'end processes that a killed Fulcrum left behind, without asking')
    .option('--shards <n>', 'split the load of each point over n processes (see generator.shards)', wholeNumber())
    .option('--json', 'one JSON object a line: progress, then the outcome')
    .option('--allow-points <n>', 'accept a grid of up to n points (default 10000)', wholeNumber())
  addLimitOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum run sweeps/quick.yaml
  $ fulcrum run sweeps/dynamo-mocker.yaml --dry-run
  $ fulcrum run sweeps/quick.yaml --only fc5ad1e8df05
  $ fulcrum run nightly.yaml --fail-on slo --fail-on "itl_p95>50ms"
  $ fulcrum run nightly.yaml --out /data/results --json > progress.jsonl

An unfinished run of the same sweep goes on where its journal ends. Ctrl-C drops the point in flight, stops what was started and exits with 130.

${limitHelp}
Exit codes: 0 fine, 1 points failed or invalid, or a limit failed or was not tested, 2 bad input, 3 environment, 130 interrupted.`,
    )
    .action(async (file: string, options: RunOptions) => {
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
      using progress = showProgress(options.json === true)
      const outcome = await runSweepFile({
        file,
        resultsRoot: options.out,
        startNew: options.new === true,
        failOn: options.failOn,
        allowLost: options.allowLost,
        signal: interrupted.signal,
        onProgress: progress.show,
        onNote: note => process.stderr.write(`${note}\n`),
        ...defined({ only: options.only, shards: options.shards, allowPoints: options.allowPoints }),
      })
      progress[Symbol.dispose]()
      printOutcome(outcome, options.json === true)
      process.exitCode = outcome.exitCode
    })
}
