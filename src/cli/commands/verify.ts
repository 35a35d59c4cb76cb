import { type Command, InvalidArgumentError, Option } from 'commander'
import { defined } from '../../model/defined.ts'
import { type Dialect, dialects } from '../../model/endpoint.ts'
import { exitCodesHelp } from '../exit-codes-help.ts'
import { interruption } from '../interruption.ts'
import { jsonText } from '../json-text.ts'
import { addOut } from '../options.ts'
import { printPreview } from '../print-preview.ts'
import { wholeNumber } from '../whole-number.ts'

/** `fulcrum verify DIR [URL]` */
export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .argument('<dir>', 'Folder that `fulcrum tune --write` wrote')
    .argument('[url]', 'Base URL of the running deployment (default: deploy it as the sweep says)')
    .description('Measure a recommended deployment again and check whether its figures hold')
    .addOption(
      new Option('--tolerance <percent>', 'How much worse a figure may be and still hold')
        .argParser(percent)
        .default(0.1, '10%'),
    )
    .addOption(
      new Option(
        '--dialect <name>',
        'How the server at the URL spells the option to ignore end-of-sequence (default: as in the folder)',
      ).choices(dialects),
    )
    .option('--repeats <n>', 'Measurements of each point', wholeNumber(), 3)
    .option('--dry-run', 'Print the exact commands and files without starting anything')
    .option('--end-leftovers', 'End processes that a killed Fulcrum left behind, without asking')
    .option('--json', 'Print JSON')
  addOut(command)
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum tune results/quick/20261124T230000Z-1a2b3c --write deploy
  $ fulcrum verify deploy
  $ fulcrum verify deploy/8000-256 http://127.0.0.1:8000
  $ fulcrum verify deploy --tolerance 5% --repeats 5

A figure is "held" if it is shown not to be worse by more than the tolerance,
"not held" if it is shown to be worse by more, and "undecided" otherwise. Exit
code 0 means that every figure held.

${exitCodesHelp()}`,
    )
    .action(
      async (
        folder: string,
        url: string | undefined,
        options: {
          out: string
          tolerance: number
          repeats: number
          dialect?: Dialect
          dryRun?: true
          endLeftovers?: true
          json?: true
        },
      ) => {
        const { exitCodeOfVerifications, plansToVerify, verifyFolder } = await import('../../commands/verify.ts')
        const { tolerance, repeats } = options
        const request = {
          folder,
          resultsRoot: options.out,
          tolerance,
          repeats,
          ...defined({ url, dialect: options.dialect }),
        }
        if (options.dryRun) {
          const { previewPlan } = await import('../../commands/plan.ts')
          const plans = await plansToVerify(request)
          const previews = []
          for (const plan of plans) previews.push(...(await previewPlan(plan)))
          printPreview(previews, options.json === true)
          return
        }
        const { nameLeftovers } = await import('../name-leftovers.ts')
        const { showProgress } = await import('../progress.ts')
        const { verifyText } = await import('../../render/terminal/verify.ts')
        using interrupted = interruption()
        await nameLeftovers(options.endLeftovers === true, options.json === true, interrupted.signal)
        using progress = await showProgress(false)
        const verified = await verifyFolder({ ...request, signal: interrupted.signal, onProgress: progress.show })
        progress[Symbol.dispose]()
        console.log(options.json ? jsonText(verified, 2) : verifyText(verified, tolerance))
        process.exitCode = exitCodeOfVerifications(verified)
      },
    )
}

/** `10%` or `10`. */
function percent(text: string): number {
  const read = /^(\d+(?:\.\d+)?)%?$/.exec(text.trim())
  const value = Number(read?.[1])
  if (read === null || !(value > 0)) throw new InvalidArgumentError('Use a percentage above 0, such as 10%.')
  return value / 100
}
