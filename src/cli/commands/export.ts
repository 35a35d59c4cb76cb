import { type Command, Option } from 'commander'
import { defined } from '../../model/defined.ts'
import { FulcrumError } from '../../model/error.ts'
import { exportFormats } from '../../render/export/formats.ts'
import { formatList } from '../../render/terminal/export-formats.ts'

/** `fulcrum export [RUN] --format …` */
export function addExport(program: Command): void {
  program
    .command('export')
    .argument('[run]', 'folder of a run; the newest one when left out')
    .description("a run's points in a format that other tools read")
    .addOption(
      new Option('--format <format>', 'format to write').choices(exportFormats.map(({ name }) => name)).default('csv'),
    )
    .option('--to <path>', 'file to write, or folder for a format that writes several files')
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--json', 'the same as --format json')
    .addHelpText(
      'after',
      `\nFormats:\n${formatList(exportFormats)}\n\nExamples:\n  $ fulcrum export --format csv > points.csv\n  $ fulcrum export results/quick/… --format genai-perf --to exports/\n  $ fulcrum export --format parquet --to points.parquet\n  $ fulcrum export --format openmetrics --to /var/lib/node_exporter/fulcrum.prom`,
    )
    .action(async (folder: string | undefined, options: { format: string; to?: string; out: string; json?: true }) => {
      const { exportRun } = await import('../../commands/export.ts')
      const exported = await exportRun({
        ...defined({ folder, to: options.to }),
        resultsRoot: options.out,
        format: options.json ? 'json' : options.format,
      })
      const { content, files, to } = exported
      if (content === null) console.error(`wrote ${files.length} ${files.length === 1 ? 'file' : 'files'} to ${to}`)
      else if (typeof content !== 'string' && process.stdout.isTTY)
        throw new FulcrumError(
          'bad-input',
          'binary-to-terminal',
          `The format ${options.format} is binary, which a terminal cannot show.`,
          { remedy: `Add --to points.${options.format}, or redirect stdout to a file.` },
        )
      else process.stdout.write(content)
    })
}
