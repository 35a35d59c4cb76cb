import type { Command } from 'commander'
import { jsonText } from '../json-text.ts'

/** The files in sweeps/ that are written to start from. */
export const templates = [
  'quick',
  'dynamo-mocker',
  'dynamo-serve',
  'guide',
  'nightly',
  'capacity',
  'attach',
  'kubernetes',
  'vllm',
  'variants',
  'conversations',
  'trace',
  'wide-ep',
  'quality',
] as const

/** `fulcrum init [FILE]` */
export function addInit(program: Command): void {
  program
    .command('init')
    .argument('[file]', 'File to write', 'sweep.yaml')
    .description('Write a sweep file to start from, without overwriting any file')
    .option('--template <name>', `Template: ${templates.join(', ')}`, 'quick')
    .option('--dry-run', 'Print the file instead of writing it')
    .option('--json', 'Print JSON: the path and the template')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum init
  $ fulcrum init mine.yaml --template dynamo-mocker

The template quick runs on the simulated engine: no GPU, no Dynamo.`,
    )
    .action(async (file: string, options: { template: string; json?: true; dryRun?: true }) => {
      const { writeSweepTemplate } = await import('../../commands/init.ts')
      const [sweep, ...beside] = await writeSweepTemplate(file, options.template, options.dryRun === true)
      const paths = beside.map(({ path }) => path)
      if (options.json) {
        const { dryRun, template } = options
        console.log(jsonText({ path: sweep.path, beside: paths, template, written: dryRun !== true }))
      } else if (options.dryRun) {
        process.stdout.write([sweep.text, ...beside.map(({ path, text }) => `# file ${path}\n${text}`)].join('\n'))
      } else {
        const wrote = [sweep.path, ...paths].map(path => `Wrote ${path}\n`).join('')
        console.log(`${wrote}Next: fulcrum plan ${file}, then fulcrum run ${file}`)
      }
    })
}
