import { type Command, Option } from 'commander'
import { defined } from '../../model/defined.ts'
import { fitText, predictionText } from '../../render/terminal/twin.ts'
import { interruption } from '../interruption.ts'

/** `fulcrum twin fit|predict` */
export function addTwin(program: Command): void {
  const twin = program
    .command('twin')
    .description('a simulated deployment fitted to a measured one, which predicts points that were not measured')
  twin
    .command('fit')
    .argument('[run]', 'folder of a run; the newest one when left out')
    .description('fits a twin to a run and writes twin.json beside it, with the errors that cross-validation found')
    .option(
      '--profile <name>',
      'times to begin with: a profile by name or path, or none; by default the one of the model',
    )
    .option('--to <file>', 'file to write instead of twin.json in the run folder')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ fulcrum twin fit\n  $ fulcrum twin fit results/nightly/… --profile none --to twin.json\n\nTakes about a second of one core for each measured point.',
    )
    .action(
      async (folder: string | undefined, options: { profile?: string; to?: string; out: string; json?: true }) => {
        const { fitTwinOfRun } = await import('../../commands/twin.ts')
        using interrupted = interruption({ quiet: true })
        using line = progressLine()
        const { file, twin: fitted } = await fitTwinOfRun({
          ...defined({ folder, profile: options.profile, to: options.to }),
          resultsRoot: options.out,
          signal: interrupted.signal,
          onProgress: ({ done, count, what }) =>
            line.show(`[${done}/${count}] ${done === 0 ? 'fitting' : 'fitted'} ${what}`),
        })
        line[Symbol.dispose]()
        const { profile, ...told } = fitted
        console.log(
          options.json ? JSON.stringify({ file, ...told, profile: profile.name }, null, 2) : fitText(file, fitted),
        )
      },
    )
  twin
    .command('predict')
    .argument('<twin>', 'twin.json of a run')
    .argument('<sweep>', 'sweep file')
    .description('what the points of a sweep would measure, each figure with its band; extrapolation is marked')
    .option('--all', 'points that the twin was fitted to as well')
    .addOption(new Option('--format <format>', 'table, csv or json').choices(['table', 'csv', 'json']).default('table'))
    .option('--json', 'the same as --format json')
    .addHelpText(
      'after',
      '\nExamples:\n  $ fulcrum twin predict results/nightly/…/twin.json sweeps/capacity.yaml\n  $ fulcrum twin predict twin.json sweep.yaml --format csv > predicted.csv',
    )
    .action(
      async (
        twinFile: string,
        sweepFile: string,
        options: { all?: true; format: 'table' | 'csv' | 'json'; json?: true },
      ) => {
        using interrupted = interruption({ quiet: true })
        using line = progressLine()
        const { predictSweepFile } = await import('../../commands/twin.ts')
        const points = await predictSweepFile({
          twinFile,
          sweepFile,
          all: options.all === true,
          signal: interrupted.signal,
          onProgress: (done, count) => line.show(`[${done}/${count}] predicted`),
        })
        line[Symbol.dispose]()
        const format = options.json ? 'json' : options.format
        if (format === 'csv') {
          const { predictionsCsv } = await import('../../render/export/predictions-csv.ts')
          process.stdout.write(predictionsCsv(points))
        } else console.log(format === 'json' ? JSON.stringify(points, null, 2) : predictionText(points))
      },
    )
}

/** One repainted line on a terminal's stderr; elsewhere a line each second at most. */
function progressLine(): Disposable & { show(text: string): void } {
  const repaints = process.stderr.isTTY
  let shownMs = Number.NEGATIVE_INFINITY
  let painted = false
  return {
    show(text) {
      if (performance.now() - shownMs < (repaints ? 100 : 1000)) return
      shownMs = performance.now()
      painted = true
      process.stderr.write(repaints ? `\r\u001b[K${text}` : `${text}\n`)
    },
    [Symbol.dispose]() {
      if (painted && repaints) process.stderr.write('\r\u001b[K')
      painted = false
    },
  }
}
