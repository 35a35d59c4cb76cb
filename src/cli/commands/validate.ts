import type { Command } from 'commander'
import { datasetText } from '../../render/terminal/dataset.ts'
import { counted } from '../../render/views/format.ts'
import { jsonText } from '../json-text.ts'
import { addAllowPoints } from '../options.ts'

/** `fulcrum validate FILE…` */
export function addValidate(program: Command): void {
  const command = program
    .command('validate')
    .argument('<files...>', 'Sweep files')
    .description('Check sweep files without starting anything')
    .option('--json', 'Print one JSON object per file')
  addAllowPoints(command)
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum validate sweeps/quick.yaml
  $ fulcrum validate sweeps/*.yaml --json

Lists every mistake as file:line:column with a remedy, and exits with code 2 if
there is any.`,
    )
    .action(async (files: string[], options: { json?: true; allowPoints?: number }) => {
      const { validateSweep } = await import('../../commands/plan.ts')
      for (const file of files) {
        const { sweep, points } = await validateSweep(file, options)
        const { name, warnings, datasets = [] } = sweep
        if (options.json) {
          console.log(jsonText({ file, valid: true, name, points, warnings, datasets }))
          continue
        }
        console.log(
          `${file}: fine (${counted(points, 'point')} over ${counted(sweep.deployments.length, 'deployment')})`,
        )
        for (const dataset of datasets) console.log(datasetText(dataset))
        for (const warning of warnings) console.log(`warning: ${warning}`)
      }
    })
}
