import type { Command } from 'commander'

/** `fulcrum init [FILE]` */
export function addInit(program: Command): void {
  program
    .command('init')
    .argument('[file]', 'file to write', 'sweep.yaml')
    .description('write a sweep file to start from; never overwrites')
    .option(
      '--template <name>',
      'quick (simulated), dynamo-mocker, guide, nightly, capacity, attach, kubernetes',
      'quick',
    )
    .option('--json', 'print what was written as JSON')
    .option('--dry-run', 'print the file instead of writing it')
    .addHelpText('after', '\nExamples:\n  $ fulcrum init\n  $ fulcrum init mine.yaml --template dynamo-mocker')
    .action(async (file: string, options: { template: string; json?: true; dryRun?: true }) => {
      const { writeSweepTemplate } = await import('../../commands/init.ts')
      const [sweep, ...beside] = await writeSweepTemplate(file, options.template, options.dryRun === true)
      const paths = beside.map(({ path }) => path)
      if (options.json) {
        const { dryRun, template } = options
        console.log(JSON.stringify({ path: sweep.path, beside: paths, template, written: dryRun !== true }))
      } else if (options.dryRun) {
        process.stdout.write([sweep.text, ...beside.map(({ path, text }) => `# file ${path}\n${text}`)].join('\n'))
      } else {
        const wrote = [sweep.path, ...paths].map(path => `wrote ${path}\n`).join('')
        console.log(`${wrote}next: fulcrum plan ${file}, then fulcrum run ${file}`)
      }
    })
}
