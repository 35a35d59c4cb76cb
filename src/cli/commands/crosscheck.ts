import { type Command, InvalidArgumentError } from 'commander'
import { defined } from '../../model/defined.ts'
import { exitCodes } from '../../model/exit-codes.ts'
import { interruption } from '../interruption.ts'
import { jsonText } from '../json-text.ts'
import { printPreview } from '../print-preview.ts'
import { wholeNumber } from '../whole-number.ts'

interface CrosscheckOptions {
  readonly generators?: string[]
  readonly command?: Readonly<Record<string, string>>
  readonly rounds: number
  readonly point: number
  readonly to?: string
  readonly dryRun?: true
  readonly json?: true
  readonly markdown?: true
}

/** `fulcrum crosscheck FILE` */
export function addCrosscheck(program: Command): void {
  program
    .command('crosscheck')
    .argument('<file>', 'Sweep file whose deployment and load are used')
    .description('Measure one point with several load generators in turn, and show which differ, by how much and why')
    .option(
      '--generators <names>',
      'Comma-separated names, or modules such as ./mine.ts (default: every generator that Fulcrum ships)',
      parseGenerators,
    )
    .option('--command <name=path>', 'Program of a generator that is not on PATH (repeatable)', collectCommand)
    .option('--rounds <n>', 'Measurements with each generator, in ABBA order', wholeNumber(), 4)
    .option('--point <n>', 'Number of the point in the plan', wholeNumber(), 1)
    .option(
      '--to <dir>',
      'Folder for the files of the generators (default: a temporary folder, kept if a generator was not tested)',
    )
    .option('--dry-run', 'Print the exact commands and files of the deployment without starting anything')
    .option('--markdown', 'Print Markdown')
    .option('--json', 'Print every measurement as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum crosscheck sweeps/quick.yaml --generators built-in,aiperf --point 4
  $ fulcrum crosscheck sweeps/attach.yaml --rounds 6 --command genai-perf=.systems/genai-perf/bin/genai-perf

A generator that is not installed, or fails in a round, is not tested. Exit
codes: 0 every generator was compared, 1 a generator was not tested.`,
    )
    .action(async (file: string, options: CrosscheckOptions) => {
      const { crosscheckMarkdown, crosscheckSweepFile, crosscheckText, generatorNames, previewCrosscheck } =
        await import('../../commands/crosscheck.ts')
      if (options.dryRun) {
        printPreview(await previewCrosscheck(file, options.point), options.json === true)
        return
      }
      using interrupted = interruption({ consequence: 'A cross-check cannot be resumed.' })
      const { generators = generatorNames, command: commands = {}, rounds, point } = options
      const result = await crosscheckSweepFile({
        file,
        generators,
        commands,
        rounds,
        point,
        ...defined({ folder: options.to }),
        signal: interrupted.signal,
        onTurn: ({ turn, turns, generator, progress }) => {
          if (progress === null) process.stderr.write(`[${turn}/${turns}] ${generator}\n`)
        },
      })
      if (options.json) console.log(jsonText(result))
      else {
        console.log(options.markdown ? crosscheckMarkdown(result) : crosscheckText(result))
        if (result.folder !== null)
          console.log(`${options.markdown ? '' : '\n'}Files of the generators: ${result.folder}`)
      }
      if (result.notTested.length > 0) process.exitCode = exitCodes.pointsFailed
    })
}

function parseGenerators(text: string): string[] {
  const names = text.split(',').map(word => word.trim())
  if (names.includes('')) throw new InvalidArgumentError('Use names with a comma between them.')
  return names
}

function collectCommand(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [name = '', ...path] = text.split('=')
  if (name === '' || path.length === 0) throw new InvalidArgumentError('Use the form name=path.')
  return { ...before, [name]: path.join('=') }
}
