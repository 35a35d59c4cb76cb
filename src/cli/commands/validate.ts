import type { Command } from 'commander'
import { datasetText } from '../../render/terminal/dataset.ts'
import { wholeNumber } from '../whole-number.ts'

/** `fulcrum validate FILE…` */
export function addValidate(program: Command): void {
  program
    .command('validate')
    .argument('<files...>', 'sweep files')
    .description('check sweep files; nothing is started')
    .option('--json', 'print one JSON object a file')
    .option('--allow-points <n>', 'accept a grid of up to n points (default 10000)', wholeNumber())
    .addHelpText(
      'after',
      '\nExamples:\n  $ fulcrum validate sweeps/quick.yaml\n  $ fulcrum validate sweeps/*.yaml --json',
    )
    .action(async (files: string[], options: { json?: true; allowPoints?: number }) => {
      const { validateSweep } = await import('../../commands/plan.ts')
      for (const file of files) {
        const { sweep, points } = await validateSweep(file, options)
        const { name, warnings, datasets = [] } = sweep
        if (options.json) {
          console.log(JSON.stringify({ file, valid: true, name, points, warnings, datasets }))
          continue
        }
        console.log(`${file}: fine (${points} points over ${sweep.deployments.length} deployments)`)
        for (const dataset of datasets) console.log(datasetText(dataset))
        for (const warning of warnings) console.log(`warning: ${warning}`)
      }
    })
}
