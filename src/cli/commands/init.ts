import type { Command } from 'commander'
import { writeSweepTemplate } from '../../index.ts'

/** `fulcrum init [FILE]` */
export function addInit(program: Command): void {
  program
    .command('init')
    .argument('[file]', 'file to write', 'sweep.yaml')
    .description('write a sweep file to start from; never overwrites')
    .option('--template <name>', 'quick (simulated), dynamo-mocker, guide, nightly, capacity, attach', 'quick')
    .option('--json', 'print what was written as JSON')
    .option('--dry-run', 'print the file instead of writing it')
    .addHelpText('after', '\nExamples:\n  $ fulcrum init\n  $ fulcrum init mine.yaml --template dynamo-mocker')
    .action(async (file: string, options: { template: string; json?: true; dryRun?: true }) => {
      const { path, text } = await writeSweepTemplate(file, options.template, options.dryRun === true)
      if (options.json)
        console.log(JSON.stringify({ path, template: options.template, written: options.dryRun !== true }))
      else if (options.dryRun) process.stdout.write(text)
      else console.log(`wrote ${path}\nnext: fulcrum plan ${file}, then fulcrum run ${file}`)
    })
}
