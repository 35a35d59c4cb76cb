import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { frontierText } from '../../render/terminal/frontier.ts'
import { wholeNumber } from '../whole-number.ts'

interface ImportOptions {
  readonly gpusPerWorker: number
  readonly name: string
  readonly topology?: string
  readonly slo: readonly string[]
  readonly out: string
  readonly json?: true
}

/** `fulcrum import FOLDER` */
export function addImport(program: Command): void {
  program
    .command('import')
    .argument('<folder>', 'folder with results of genai-perf or AIPerf, at any depth')
    .description('turn existing genai-perf or AIPerf results into a run that report, compare and history read')
    .requiredOption('--gpus-per-worker <n>', 'GPUs of each worker, which decide throughput per GPU', wholeNumber())
    .option('--name <sweep>', 'sweep that the run is of', 'imported')
    .option('--topology <name>', 'of results whose path names none: 2P1D, agg-x2')
    .option(
      '--slo <objective>',
      'what the results are held against: ttft_p95_ms=2000, itl_p95_ms=25, request_latency_p95_ms=…; can be repeated',
      (objective: string, before: readonly string[]) => [...before, objective],
      [],
    )
    .option('--out <dir>', 'where runs are kept', 'results')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum import artifacts/ --gpus-per-worker 4
  $ fulcrum import artifacts/2P1D --gpus-per-worker 4 --topology 2P1D --name guide
  $ fulcrum import artifacts/ --gpus-per-worker 4 --slo ttft_p95_ms=2000 --slo itl_p95_ms=25

Reads profile_export_genai_perf.json and profile_export_aiperf.json. A topology in the path of a file (artifacts/2P1D/c16/…)
is taken from there. The same point again is a repeat of it. Summaries don't say how busy the client was: nothing vouches for that.`,
    )
    .action(async (folder: string, options: ImportOptions) => {
      const { importResults, parseSlo } = await import('../../commands/import.ts')
      const imported = await importResults({
        folder,
        resultsRoot: options.out,
        name: options.name,
        gpusPerWorker: options.gpusPerWorker,
        slo: parseSlo(options.slo),
        ...defined({ topology: options.topology }),
      })
      if (options.json) {
        console.log(JSON.stringify(imported))
        return
      }
      for (const { file, why } of imported.passedOver) console.error(`passed over ${file}: ${why}`)
      console.log(`${frontierText(imported.report.frontier)}\n\nimported ${imported.points} results`)
      console.log(`report: ${imported.report.index}\nrun: ${imported.folder}`)
    })
}
