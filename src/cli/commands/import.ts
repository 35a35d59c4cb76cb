import type { Command } from 'commander'
import { importFormats } from '../../commands/import/formats.ts'
import { defined } from '../../model/defined.ts'
import { answerText } from '../../render/terminal/outcome.ts'
import { wrappedInTerminal } from '../../render/terminal/wrapped.ts'
import { jsonText } from '../json-text.ts'
import { addOpen, addOut, openIfAsked, repeated } from '../options.ts'
import { wholeNumber } from '../whole-number.ts'

interface ImportOptions {
  readonly gpusPerWorker?: number
  readonly name: string
  readonly topology?: string
  readonly slo?: readonly string[]
  readonly out: string
  readonly json?: true
  readonly open?: true
}

/** `fulcrum import FOLDER` */
export function addImport(program: Command): void {
  const command = program
    .command('import')
    .argument('<folder>', 'Folder with results of one or more programs, at any depth')
    .description('Turn results of other programs into a run for report, compare and history')
    .option('--gpus-per-worker <n>', 'GPUs of each worker, if the results do not say', wholeNumber())
    .option('--name <sweep>', 'Name of the sweep that the run belongs to', 'imported')
    .option('--topology <name>', 'Topology of results whose path does not name one, such as 2P1D or agg-x2')
    .option(
      '--slo <objective>',
      'SLO of the results: ttft_p95_ms=2000, itl_p95_ms=25 or request_latency_p95_ms=… (repeatable)',
      repeated,
    )
    .option('--json', 'Print JSON')
  addOpen(addOut(command))
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum import artifacts/ --gpus-per-worker 4
  $ fulcrum import artifacts/2P1D --gpus-per-worker 4 --topology 2P1D --name guide
  $ fulcrum import artifacts/ --gpus-per-worker 4 --slo ttft_p95_ms=2000 --slo itl_p95_ms=25

Formats:
${formatsText()}

The path of a file can name its topology (artifacts/2P1D/c16/…) where the
results do not say it. Several results of the same point become its repeats.
These files do not say how busy the client was, so Fulcrum cannot check that.
Which field becomes which figure: docs/reference/import.md`,
    )
    .action(async (folder: string, options: ImportOptions) => {
      const { importResults } = await import('../../commands/import.ts')
      const { parseSlo } = await import('../../commands/import/objectives.ts')
      const imported = await importResults({
        folder,
        resultsRoot: options.out,
        name: options.name,
        slo: parseSlo(options.slo ?? []),
        ...defined({ topology: options.topology, gpusPerWorker: options.gpusPerWorker }),
      })
      if (options.json) {
        console.log(jsonText(imported))
        await openIfAsked(options.open, imported.report.index)
        return
      }
      for (const { file, why } of imported.passedOver) console.error(`Skipped ${file}: ${why}`)
      console.log(
        `${answerText(imported.report)}\n\nImported ${imported.points} ${imported.points === 1 ? 'result' : 'results'}`,
      )
      for (const { point, status, reason } of imported.unusable)
        console.log(wrappedInTerminal(`${status}: ${point}: ${reason}`))
      console.log(`report: ${imported.report.index}\nrun: ${imported.folder}`)
      await openIfAsked(options.open, imported.report.index)
    })
}

const formatsText = () => importFormats.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join('\n')
