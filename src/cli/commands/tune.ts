import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import type { WrittenDeployment } from '../../commands/write-deployment.ts'
import { defined } from '../../model/defined.ts'
import { exitCodes } from '../../model/exit-codes.ts'
import { interruption } from '../interruption.ts'
import { jsonText } from '../json-text.ts'
import { addLimitOptions, type LimitOptions, limitHelp } from '../limit-options.ts'
import { addOut, repeated } from '../options.ts'
import { printPreview } from '../print-preview.ts'

/** `fulcrum tune FILE|RUN` */
export function addTune(program: Command): void {
  const command = program
    .command('tune')
    .argument('<file-or-run>', 'Sweep file, which is run first, or the folder or ID of a run')
    .description(
      'Recommend a deployment for each workload, with its certainty, its bottleneck and the next thing to try',
    )
    .option('--mix <weights>', 'Recommend one deployment for weighted workloads, such as 8000/256=0.7,1000/1000=0.3')
    .option(
      '--priors <dir>',
      'Start an adaptive search from the predictions in a folder: results of aiconfigurator or aisimulate, a run, or several runs (repeatable)',
      repeated,
    )
    .option('--write <dir>', 'Write files that deploy each recommendation, and the expected figures, to a new folder')
    .option('--point <id>', 'Write this point instead of the recommended ones (repeatable)', repeated)
    .option('--dry-run', 'Print the exact commands and files of the sweep file without starting anything')
    .option('--json', 'Print JSON')
  addLimitOptions(addOut(command))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum tune sweeps/quick.yaml
  $ fulcrum tune results/quick/20261124T230000Z-1a2b3c
  $ fulcrum tune results/nightly/… --mix 8000/256=0.7,1000/1000=0.3
  $ fulcrum tune results/nightly/… --fail-on slo
  $ fulcrum tune results/nightly/… --write deploy

"search: adaptive" in the sweep file finds the answer with fewer points.

${limitHelp}`,
    )
    .action(
      async (
        target: string,
        options: LimitOptions & {
          out: string
          mix?: string
          priors?: readonly string[]
          write?: string
          point?: readonly string[]
          json?: true
          dryRun?: true
        },
      ) => {
        if (options.point !== undefined && options.write === undefined)
          command.error('error: --point needs --write DIR')
        const { exitCodeWith, parseLimits } = await import('../../commands/limits.ts')
        if (options.dryRun) {
          const { previewPlan } = await import('../../commands/plan.ts')
          const { planToTune } = await import('../../commands/tune.ts')
          parseLimits(options)
          printPreview(await previewPlan(await planToTune(target, options.out, options.mix)), options.json === true)
          return
        }
        if (options.write !== undefined) {
          const { refuseUnlessEmpty } = await import('../../commands/write-deployment.ts')
          await refuseUnlessEmpty(resolve(options.write))
        }
        const { tuneFileOrRun } = await import('../../commands/tune.ts')
        const { showProgress } = await import('../progress.ts')
        const { tuneText } = await import('../../render/terminal/tune.ts')
        using interrupted = interruption()
        using progress = await showProgress(false)
        const answer = await tuneFileOrRun({
          target,
          resultsRoot: options.out,
          ...defined({ mix: options.mix }),
          priors: options.priors ?? [],
          failOn: options.failOn ?? [],
          allowLost: options.allowLost,
          signal: interrupted.signal,
          onProgress: progress.show,
        })
        progress[Symbol.dispose]()
        const written =
          options.write === undefined ? undefined : await writeAnswer(answer.folder, options.write, options.point)
        console.log(options.json ? jsonText({ ...answer, ...defined({ written }) }, 2) : tuneText(answer))
        if (written !== undefined && !options.json) console.log(`\n${writtenText(written)}`)
        process.exitCode = answer.outcome?.exitCode ?? exitCodeWith(answer.limits, exitCodes.ok)
      },
    )
}

async function writeAnswer(run: string, into: string, points: readonly string[] | undefined) {
  const { writeDeployments } = await import('../../commands/write-deployment.ts')
  return writeDeployments({ run, into, ...defined({ points }) })
}

function writtenText(written: readonly WrittenDeployment[]): string {
  const lines = written.map(({ workload, deployment, folder }) => `wrote ${folder}: ${deployment} for ${workload}`)
  return [
    ...lines,
    `verify with: fulcrum verify ${written[0] === undefined ? 'DIR' : dirname(written[0].folder)}`,
  ].join('\n')
}
