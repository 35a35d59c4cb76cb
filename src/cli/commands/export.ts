import { type Command, Option } from 'commander'
import { exportFormats, exportRun } from '../../index.ts'

/** `fulcrum export [RUN] --format …` */
export function addExport(program: Command): void {
  program
    .command('export')
    .argument('[run]', 'folder of a run; the newest one when left out')
    .description("a run's points in a format that other tools read")
    .addOption(
      new Option(
        '--format <format>',
        'csv, json and openmetrics go to stdout; genai-perf and aiperf write a folder a point',
      )
        .choices(exportFormats)
        .default('csv'),
    )
    .option('--to <path>', 'file (csv, json, openmetrics) or folder (genai-perf, aiperf) to write')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--json', 'the same as --format json')
    .addHelpText(
      'after',
      '\nExamples:\n  $ fulcrum export --format csv > points.csv\n  $ fulcrum export results/quick/… --format genai-perf --to exports/\n  $ fulcrum export --format openmetrics --to /var/lib/node_exporter/fulcrum.prom',
    )
    .action(
      async (
        folder: string | undefined,
        options: { format: (typeof exportFormats)[number]; to?: string; out: string; json?: true },
      ) => {
        const exported = await exportRun({
          ...(folder === undefined ? {} : { folder }),
          ...(options.to === undefined ? {} : { to: options.to }),
          resultsRoot: options.out,
          format: options.json ? 'json' : options.format,
        })
        if (exported.text !== null) process.stdout.write(exported.text)
        else console.error(`wrote ${exported.files.length} files to ${exported.to}`)
      },
    )
}
