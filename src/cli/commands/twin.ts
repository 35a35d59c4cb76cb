import { type Command, Option } from 'commander'
import { defined } from '../../model/defined.ts'
import { fitText, predictionText } from '../../render/terminal/twin.ts'
import { interruption } from '../interruption.ts'
import { jsonText } from '../json-text.ts'
import { addOut, runArgument } from '../options.ts'

/** `fulcrum twin fit|predict` */
export function addTwin(program: Command): void {
  const twin = program
    .command('twin')
    .description('Fit a simulated deployment to a run, and predict points that were not measured')
  const fit = twin
    .command('fit')
    .argument(...runArgument)
    .description('Fit a twin to a run and write it, with its errors from cross-validation')
    .option(
      '--profile <name>',
      'Timing profile to start from: a name, a path, or none (default: the profile of the model)',
    )
    .option('--variant <name>', 'Variant to fit (default: the first of the sweep file)')
    .option('--to <file>', 'File to write (default: twin.json in the run)')
    .option('--json', 'Print JSON')
  addOut(fit)
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum twin fit
  $ fulcrum twin fit results/nightly/… --profile none --to twin.json

Fitting takes about 0.3 s of CPU time per measured point.`,
    )
    .action(
      async (
        folder: string | undefined,
        options: { profile?: string; variant?: string; to?: string; out: string; json?: true },
      ) => {
        const { fitTwinOfRun } = await import('../../commands/twin.ts')
        using interrupted = interruption({ quiet: true })
        using line = (await import('../repainter.ts')).progressLine(process.stderr)
        const { file, twin: fitted } = await fitTwinOfRun({
          ...defined({ folder, profile: options.profile, variant: options.variant, to: options.to }),
          resultsRoot: options.out,
          signal: interrupted.signal,
          onProgress: ({ done, count, what }) =>
            line.paint(`[${done}/${count}] ${done === 0 ? 'fitting' : 'fitted'} ${what}`),
        })
        line[Symbol.dispose]()
        const { profile, ...told } = fitted
        console.log(options.json ? jsonText({ file, ...told, profile: profile.name }, 2) : fitText(file, fitted))
      },
    )
  twin
    .command('predict')
    .argument('<twin>', 'File that twin fit wrote')
    .argument('<sweep>', 'Sweep file')
    .description('Predict the points of a sweep with intervals, and mark extrapolations')
    .option('--all', 'Also predict the points that the twin was fitted to')
    .addOption(new Option('--format <format>', 'Output format').choices(['table', 'csv', 'json']).default('table'))
    .option('--json', 'Same as --format json')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum twin predict results/nightly/…/twin.json sweeps/capacity.yaml
  $ fulcrum twin predict twin.json sweep.yaml --format csv > predicted.csv`,
    )
    .action(
      async (
        twinFile: string,
        sweepFile: string,
        options: { all?: true; format: 'table' | 'csv' | 'json'; json?: true },
      ) => {
        using interrupted = interruption({ quiet: true })
        using line = (await import('../repainter.ts')).progressLine(process.stderr)
        const { predictSweepFile } = await import('../../commands/twin.ts')
        const points = await predictSweepFile({
          twinFile,
          sweepFile,
          all: options.all === true,
          signal: interrupted.signal,
          onProgress: (done, count) => line.paint(`[${done}/${count}] predicted`),
        })
        line[Symbol.dispose]()
        const format = options.json ? 'json' : options.format
        if (format === 'csv') {
          const { predictionsCsv } = await import('../../render/export/predictions-csv.ts')
          process.stdout.write(predictionsCsv(points))
        } else console.log(format === 'json' ? jsonText(points, 2) : predictionText(points))
      },
    )
}
