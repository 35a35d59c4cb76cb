import { type Command, Option } from 'commander'
import { defined } from '../../model/defined.ts'
import { FulcrumError } from '../../model/error.ts'
import { exitCodes } from '../../model/exit-codes.ts'
import { exportFormats } from '../../render/export/formats.ts'
import { formatList } from '../../render/terminal/export-formats.ts'
import { addOut, runArgument } from '../options.ts'

interface ExportOptions {
  readonly format: string
  readonly to?: string
  readonly out: string
  readonly all?: true
  readonly json?: true
}

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
    .option('--all', 'Export every run below --out to the folder --to, partitioned by sweep and run')
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
  $ fulcrum export --format openmetrics --to /var/lib/node_exporter/fulcrum.prom
  $ fulcrum export --all --format parquet --to warehouse/

--all writes sweep=NAME/run=ID/points.parquet, a layout that DuckDB, Spark and
pandas read. It writes only runs that changed since the last export. For csv and
parquet, it also writes a table of the runs.`,
    )
    .action(async (folder: string | undefined, options: ExportOptions) => {
      if (options.all) return exportEvery(folder, options)
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

async function exportEvery(folder: string | undefined, { to, out, json, ...options }: ExportOptions): Promise<void> {
  if (folder !== undefined)
    throw new FulcrumError('bad-input', 'conflicting-options', '--all exports every run below --out.', {
      remedy: 'Leave out the run, or leave out --all.',
    })
  const format = json ? 'json' : options.format
  if (to === undefined)
    throw new FulcrumError('bad-input', 'no-folder', '--all writes a folder for each run.', {
      remedy: 'Add --to FOLDER.',
    })
  const { exportAll } = await import('../../commands/export-all.ts')
  const { countedProgress, progressLine } = await import('../repainter.ts')
  using line = progressLine(process.stderr)
  const onRun = countedProgress(line, 'runs exported')
  const { written, unchanged, unreadable, ...done } = await exportAll({ resultsRoot: out, format, to, onRun })
  line[Symbol.dispose]()
  const kept = unchanged === 0 ? '' : `; ${unchanged} unchanged`
  console.error(`Wrote ${written} ${written === 1 ? 'run' : 'runs'} to ${done.to}${kept}`)
  for (const { folder: unread, why } of unreadable) console.error(`Not exported: ${unread}: ${why}`)
  if (unreadable.length > 0) process.exitCode = exitCodes.pointsFailed
}
