import { type Command, Option } from 'commander'
import { defined } from '../../model/defined.ts'
import { FulcrumError } from '../../model/error.ts'
import { exportFormats } from '../../render/export/formats.ts'
import { formatList } from '../../render/terminal/export-formats.ts'
import { addOut, runArgument } from '../options.ts'

/** `fulcrum export [RUN] --format …` */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .argument(...runArgument)
    .description('Export the points of a run in a format that other tools read')
    .addOption(
      new Option('--format <format>', 'Format to write').choices(exportFormats.map(({ name }) => name)).default('csv'),
    )
    .option('--to <path>', 'File to write (default: stdout), or folder for a format that writes several files')
    .option('--json', 'Same as --format json')
  addOut(command)
    .addHelpText(
      'after',
      `
Formats:
${formatList(exportFormats)}

Examples:
  $ fulcrum export --format csv > points.csv
  $ fulcrum export results/quick/… --format genai-perf --to exports/
  $ fulcrum export --format parquet --to points.parquet
  $ fulcrum export --format openmetrics --to /var/lib/node_exporter/fulcrum.prom`,
    )
    .action(async (folder: string | undefined, options: { format: string; to?: string; out: string; json?: true }) => {
      const { exportRun } = await import('../../commands/export.ts')
      const exported = await exportRun({
        ...defined({ folder, to: options.to }),
        resultsRoot: options.out,
        format: options.json ? 'json' : options.format,
      })
      const { content, files, to } = exported
      if (content === null) console.error(`Wrote ${files.length} ${files.length === 1 ? 'file' : 'files'} to ${to}`)
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
